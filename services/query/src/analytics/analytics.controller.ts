import { Controller, Get, Inject, Query, UseInterceptors } from '@nestjs/common';
import { readerOf, type Principal } from '@opensync/contracts';
import { Access, Caller } from '@opensync/platform/http';
import { noParameters, parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { analyticsRequest, analyticsSchema } from './analytics-request.ts';
import { readAnalytics } from './analytics.ts';
import { readStats } from './stats.ts';
import { WaitForFigures } from './wait-for-figures.ts';

/** Sums and series over the sessions that the caller may see. */
@Controller('api')
@UseInterceptors(WaitForFigures)
export class AnalyticsController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get('stats')
  @Access('figures')
  async stats(@Caller() caller: Principal, @Query() query: unknown) {
    parseQuery(noParameters, query);
    return readStats(this.#resources.documents, readerOf(caller));
  }

  @Get('analytics')
  @Access('figures')
  async analytics(@Caller() caller: Principal, @Query() query: unknown) {
    const request = analyticsRequest(parseQuery(analyticsSchema, query), Date.now());
    return readAnalytics(this.#resources.documents, readerOf(caller), request);
  }
}
