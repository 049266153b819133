import { Controller, Get, Inject, Param, Query, UseInterceptors } from '@nestjs/common';
import type { Principal } from '@opensync/contracts';
import { Access, Caller } from '@opensync/platform/http';
import { parseQuery } from '../input.ts';
import { RESOURCES, type QueryResources } from '../resources.ts';
import { WaitForDocuments } from '../waiting/wait-for-documents.ts';
import { listSessions, listSessionsSchema, type SessionPage } from './list-sessions.ts';
import { readSession, readSessionByIdSchema, readSessionSchema, type SessionWithMessages } from './read-session.ts';
import { sessionJson, type SessionJson } from './session-json.ts';

@Controller('api/sessions')
@UseInterceptors(WaitForDocuments)
export class SessionsController {
  readonly #resources: QueryResources;

  constructor(@Inject(RESOURCES) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get()
  @Access('read')
  async list(@Caller() { owner }: Principal, @Query() query: unknown): Promise<SessionPage> {
    return listSessions(this.#resources, owner, parseQuery(listSessionsSchema, query));
  }

  /** The shape that OpenSync's clients know. */
  @Get('get')
  @Access('read')
  async getById(@Caller() { owner }: Principal, @Query() query: unknown) {
    const { id, ...page } = parseQuery(readSessionByIdSchema, query);
    const { session, ...messages } = await readSession(this.#resources, owner, id, page);
    return { session: sessionJson(session), ...messages };
  }

  @Get(':id')
  @Access('read')
  async show(
    @Caller() { owner }: Principal,
    @Param('id') id: string,
    @Query() query: unknown,
  ): Promise<SessionJson & Omit<SessionWithMessages, 'session'>> {
    const page = parseQuery(readSessionSchema, query);
    const { session, ...messages } = await readSession(this.#resources, owner, id, page);
    return { ...sessionJson(session), ...messages };
  }
}
