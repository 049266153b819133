import { Controller, Get, Inject, Param, Query, Res, UseInterceptors } from '@nestjs/common';
import { readerOf, type Positions, type Principal, type Reader } from '@opensync/contracts';
import { Access, Caller, CallerPositions, WaitForDocuments } from '@opensync/platform/http';
import type { FastifyReply } from 'fastify';
import { parseQuery } from '../input.ts';
import { etagOf } from '../curation/etag.ts';
import { QueryResources } from '../resources.ts';
import { listSessions, listSessionsSchema, type SessionPage } from './list-sessions.ts';
import {
  findSession,
  readMessagesAtOnce,
  readSessionByIdSchema,
  readSessionSchema,
  type ReadSession,
} from './read-session.ts';
import { outlineSchema, sessionOutline, type Outline } from './outline.ts';
import { pageRange } from './page-range.ts';
import { ratedSessions, type RatedSession } from './rated-session.ts';
import { sessionPage } from './session-page.ts';
import { wholeOrStream } from '../content/streamed.ts';

@Controller('api/sessions')
@UseInterceptors(WaitForDocuments)
export class SessionsController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get()
  @Access('read')
  async list(
    @Caller() caller: Principal,
    @CallerPositions() positions: Positions,
    @Query() query: unknown,
  ): Promise<SessionPage> {
    return listSessions(this.#resources, readerOf(caller), parseQuery(listSessionsSchema, query), positions);
  }

  /** The form that OpenSync's clients expect. */
  @Get('get')
  @Access('read')
  async getById(@Caller() caller: Principal, @Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const { id, ...page } = parseQuery(readSessionByIdSchema, query);
    const opening = (session: RatedSession) => `{"session":${JSON.stringify(session)},"messages":[`;
    await this.#send(reply, { reader: readerOf(caller), id, page, opening });
  }

  @Get(':id')
  @Access('read')
  async show(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const page = parseQuery(readSessionSchema, query);
    const opening = (session: RatedSession) => `${JSON.stringify(session).slice(0, -1)},"messages":[`;
    await this.#send(reply, { reader: readerOf(caller), id, page, opening });
  }

  @Get(':id/outline')
  @Access('read')
  async outline(
    @Caller() principal: Principal,
    @CallerPositions() positions: Positions,
    @Param('id') id: string,
    @Query() query: unknown,
  ): Promise<Outline> {
    const request = parseQuery(outlineSchema, query);
    const caller = readerOf(principal);
    const { id: sessionId, owner } = await findSession(this.#resources.documents, caller, id);
    const places = positions.places(sessionId);
    return sessionOutline(this.#resources, { caller, owner, sessionId, places }, request);
  }

  async #send(reply: FastifyReply, { reader, id, page, opening }: SessionRequest): Promise<void> {
    const { documents, pageBytes } = this.#resources;
    const session = await findSession(documents, reader, id);
    const { id: sessionId, owner } = session;
    const places = reply.request.positions!.places(sessionId);
    const range = await pageRange(documents, { owner, sessionId, places }, page);
    const messages = readMessagesAtOnce(documents, owner, sessionId, range);
    const [rated] = await ratedSessions(documents, [session]);
    const pieces = sessionPage(
      owner,
      {
        caller: reader,
        places,
        sessionId,
        opening: opening(rated!),
        messages,
        range,
        // A preview does not read what it does not show.
        mode: page.media ?? (page.preview === undefined ? undefined : 'link'),
        preview: page.preview,
      },
      this.#resources,
    );
    const answer = await wholeOrStream(pieces, { isContended: () => pageBytes.isContended });
    const etag = etagOf(session, reply.request.positions!);
    void reply.type('application/json; charset=utf-8').header('etag', etag).send(answer);
  }
}

interface SessionRequest {
  readonly reader: Reader;
  readonly id: string;
  readonly page: ReadSession;
  /** The JSON before the first message. */
  readonly opening: (session: RatedSession) => string;
}
