import { Body, Controller, Get, HttpCode, Inject, Post, Query, UseInterceptors } from '@nestjs/common';
import { readerOf, type Positions, type Principal } from '@opensync/contracts';
import { Access, Caller, CallerPositions } from '@opensync/platform/http';
import { noParameters, parseBody, parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { WaitForIndex } from '../waiting/wait-for-index.ts';
import { searchBodySchema, searchQuerySchema } from './search-request.ts';
import { searchSessions, type SearchAnswer } from './search-sessions.ts';

@Controller()
@UseInterceptors(WaitForIndex)
export class SearchController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Post('search')
  @HttpCode(200)
  @Access('read')
  async post(
    @Caller() caller: Principal,
    @CallerPositions() positions: Positions,
    @Body() body: unknown,
    @Query() query: unknown,
  ): Promise<SearchAnswer> {
    parseQuery(noParameters, query);
    return searchSessions(this.#resources, readerOf(caller), parseBody(searchBodySchema, body), positions);
  }

  @Get('api/search')
  @Access('read')
  async get(
    @Caller() caller: Principal,
    @CallerPositions() positions: Positions,
    @Query() query: unknown,
  ): Promise<SearchAnswer> {
    return searchSessions(this.#resources, readerOf(caller), parseQuery(searchQuerySchema, query), positions);
  }
}
