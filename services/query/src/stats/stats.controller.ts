import { Controller, Get, Inject, Query, UseInterceptors } from '@nestjs/common';
import { readerOf, type Principal } from '@opensync/contracts';
import { Access, Caller, WaitForDocuments } from '@opensync/platform/http';
import { noParameters, parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';

/** Totals over the sessions that the caller may see, with the names that OpenSync's clients expect. */
@Controller('api/stats')
@UseInterceptors(WaitForDocuments)
export class StatsController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get()
  @Access('figures')
  async show(@Caller() caller: Principal, @Query() query: unknown) {
    parseQuery(noParameters, query);
    const { sessions, messages, cost, durationMs, ...stats } = await this.#resources.documents.stats(readerOf(caller));
    return {
      sessionCount: sessions,
      messageCount: messages,
      totalCost: cost,
      totalDurationMs: durationMs,
      ...stats,
    };
  }
}
