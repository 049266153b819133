import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { Access, addVary } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendConsole } from '../console/page.ts';
import { QueryResources } from '../resources.ts';
import { prefersJson } from './accept.ts';
import { sendHome } from './home.ts';

@Controller()
export class HomeController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  /** The console for people, facts about the server for programs; if the console is not built, a page with these facts. */
  @Get('/')
  @Access('public')
  async home(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { console } = this.#resources;
    if (!console || prefersJson(request.headers.accept)) return sendHome(request, reply);
    addVary(reply, 'Accept');
    sendConsole(reply, console);
  }
}
