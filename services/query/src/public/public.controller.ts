import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { Access, addVary } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { prefersJson } from '../home/accept.ts';
import { QueryResources } from '../resources.ts';
import { CONTENT_SECURITY_POLICY, renderPublic } from './page.ts';
import { readPublic } from './read-public.ts';

@Controller()
export class PublicController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  /** A session that its owner made public, for anyone with the link. */
  @Get(['public/:slug', 's/:slug'])
  @Access('public')
  async show(@Param('slug') slug: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    // Also of the answer that there is none.
    void reply.header('x-robots-tag', 'noindex, nofollow');
    addVary(reply, 'Accept');
    const session = await readPublic(this.#resources, slug, this.#resources.now());
    if (prefersJson(request.headers.accept)) {
      void reply.send(session);
      return;
    }
    void reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .header('cross-origin-opener-policy', 'same-origin')
      .send(renderPublic(session));
  }
}
