import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { Principal } from '@opensync/contracts';
import { Access, Caller, METERED } from '@opensync/platform/http';
import { noParameters, parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';

/** What the workspace of the caller has used on this day, and what it may. It uses nothing of the day itself. */
@Controller('api/usage')
export class UsageController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get()
  @Access('account')
  read(@Caller() { workspaceId }: Principal, @Query() query: unknown) {
    parseQuery(noParameters, query);
    const { use, perDay, perMinute } = this.#resources.limits;
    const ofWorkspace = use.of(workspaceId);
    const today = METERED.map((what) => [what, { used: ofWorkspace.used(what), limit: perDay[what] || null }] as const);
    return {
      day: use.day,
      resetsAt: use.endsAt,
      today: Object.fromEntries(today),
      requestsPerMinute: { ingest: perMinute.ingest || null, read: perMinute.read || null },
    };
  }
}
