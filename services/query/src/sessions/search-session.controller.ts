import { Controller, Get, Inject, Param, Query, UseInterceptors } from '@nestjs/common';
import { readerOf, type Positions, type Principal } from '@opensync/contracts';
import { Access, Caller, CallerPositions } from '@opensync/platform/http';
import { parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { WaitForIndex } from '../waiting/wait-for-index.ts';
import { findSession } from './read-session.ts';
import { searchSession, searchSessionSchema, type SearchSessionAnswer } from './search-session.ts';

@Controller('api/sessions/:id/search')
@UseInterceptors(WaitForIndex)
export class SearchSessionController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get()
  @Access('read')
  async search(
    @Caller() principal: Principal,
    @CallerPositions() positions: Positions,
    @Param('id') id: string,
    @Query() query: unknown,
  ): Promise<SearchSessionAnswer> {
    const request = parseQuery(searchSessionSchema, query);
    const caller = readerOf(principal);
    const { id: sessionId, owner } = await findSession(this.#resources.documents, caller, id);
    const places = positions.places(sessionId);
    return searchSession(this.#resources, { caller, owner, sessionId, places }, request);
  }
}
