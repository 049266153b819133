import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Res } from '@nestjs/common';
import type { Principal } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { Access, Caller } from '@opensync/platform/http';
import type { FastifyReply } from 'fastify';
import { parseBody } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { certificateOf } from './certificate.ts';
import { eraseMeSchema, LONGEST_ID } from './request.ts';

const ACCEPTED = 202;

/** A person erases everything that they have in the workspace. */
@Controller('api')
export class ErasureController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Delete('me')
  @HttpCode(ACCEPTED)
  @Access('eraseMe')
  async erase(@Caller() caller: Principal, @Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply) {
    const { confirm } = parseBody(eraseMeSchema, body);
    if (confirm !== caller.userId) {
      throw new AppError(
        'INVALID_REQUEST',
        'This erases everything that you have in the workspace and cannot be undone; to confirm it, send your user id, as GET /auth/session shows it',
        { details: [{ path: 'confirm', message: 'must be your user id' }] },
      );
    }
    const erasure = await this.#resources.erasures.begin(caller);
    void reply.header('location', `/api/erasures/${erasure.id}`);
    return { ok: true, erasureId: erasure.id };
  }

  /** Anybody who has the id may read it: the person has no key any more. */
  @Get('erasures/:id')
  @Access('public')
  async certificate(@Param('id') id: string, @Res({ passthrough: true }) reply: FastifyReply) {
    void reply.header('x-robots-tag', 'noindex, nofollow');
    const erasure = id.length > LONGEST_ID ? undefined : await this.#resources.erasures.of(id);
    if (!erasure) throw new AppError('NOT_FOUND', 'There is no such erasure');
    return certificateOf(erasure);
  }
}
