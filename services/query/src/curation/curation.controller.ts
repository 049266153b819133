import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import {
  isHidden,
  ownerOf,
  readerOf,
  sessionView,
  type Positions,
  type Principal,
  type SessionState,
} from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import {
  Access,
  Caller,
  CallerPositions,
  CheckIdempotencyKey,
  sendSequence,
  WaitForDocuments,
} from '@opensync/platform/http';
import type { FastifyReply } from 'fastify';
import { parseBody, parseQuery } from '../input.ts';
import { publishSession, type NewLink } from '../public/publish.ts';
import { QueryResources } from '../resources.ts';
import type { SessionPage } from '../sessions/list-sessions.ts';
import { sessionJson } from '../sessions/session-json.ts';
import { findSession } from '../sessions/read-session.ts';
import { bulkSchema, runBulk } from './bulk.ts';
import { Curations, type Curated } from './curations.ts';
import { etagOf, ifMatchOf } from './etag.ts';
import { listTrash, trashSchema, type TrashPage } from './list-trash.ts';
import { changeOf, patchSchema } from './patch.ts';
import { reviewQueue, reviewSchema } from './review.ts';
import { deleteSchema, deleteSession, outOfTrash } from './trash.ts';

/** Some items of a bulk command succeeded and some did not, as in a batch of writes. */
const MULTI_STATUS = 207;

/** What people do with sessions. */
@Controller('api')
@UseInterceptors(WaitForDocuments, CheckIdempotencyKey)
export class CurationController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Patch('sessions/:id')
  @Access('curate')
  async patch(
    @Caller() caller: Principal,
    @CallerPositions() positions: Positions,
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const request = parseBody(patchSchema, body);
    const now = this.#resources.now();
    const link = request.isPublic ? await this.#publish(caller, id, now) : undefined;
    const curated = await new Curations(this.#resources, ownerOf(caller), now).change(
      id,
      (found) => changeOf(request, found, { caller, now, publication: link?.publication }),
      ifMatchOf(ifMatch, positions),
    );
    send(reply, curated, link && { publicSlug: link.slug });
  }

  @Post('sessions/bulk')
  @HttpCode(200)
  @Access('curate')
  async bulk(
    @Caller() caller: Principal,
    @CallerPositions() positions: Positions,
    @Body() body: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const bulk = parseBody(bulkSchema, body);
    const now = this.#resources.now();
    const { answer, sequence } = await runBulk(this.#resources, { caller, positions, now }, bulk);
    if (sequence !== undefined) sendSequence(reply, sequence);
    if (!answer.ok) reply.code(MULTI_STATUS);
    void reply.send(answer);
  }

  @Delete('sessions/:id')
  @Access('delete')
  async delete(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const permanent = parseQuery(deleteSchema, query).permanent === 'true';
    const now = this.#resources.now();
    const { answer, sequence } = await deleteSession(this.#resources, ownerOf(caller), { id, permanent, now });
    sendSequence(reply, sequence);
    void reply.send(answer);
  }

  @Post('sessions/:id/restore')
  @HttpCode(200)
  @Access('delete')
  async restore(@Caller() caller: Principal, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    const now = this.#resources.now();
    const curations = new Curations(this.#resources, ownerOf(caller), now);
    send(reply, await curations.change(id, (found) => outOfTrash(found, now)));
  }

  @Get('trash')
  @Access('delete')
  async trash(@Caller() caller: Principal, @Query() query: unknown): Promise<TrashPage> {
    return listTrash(this.#resources, ownerOf(caller), parseQuery(trashSchema, query), this.#resources.now());
  }

  @Get('review')
  @Access('read')
  async review(@Caller() caller: Principal, @Query() query: unknown): Promise<SessionPage> {
    return reviewQueue(this.#resources, readerOf(caller), parseQuery(reviewSchema, query));
  }

  /** A new link for a session of the caller. The event that makes it valid follows. */
  async #publish(caller: Principal, id: string, now: number): Promise<NewLink> {
    const session: SessionState = await findSession(this.#resources.documents, readerOf(caller), id);
    if (isHidden(session) || session.owner.userId !== caller.userId) {
      throw new AppError('FORBIDDEN', 'Only its owner can publish a shared session');
    }
    return publishSession(this.#resources, ownerOf(caller), session, now);
  }
}

function send(
  reply: FastifyReply,
  { session, sequence }: Curated,
  link: { readonly publicSlug: string } | undefined = undefined,
): void {
  if (sequence !== undefined) sendSequence(reply, sequence);
  void reply
    .header('etag', etagOf(session, reply.request.positions!))
    .send({ ok: true, sessionId: session.id, session: sessionJson(sessionView(session)), ...link });
}
