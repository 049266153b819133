import { Controller, Get, Headers, Inject, Param, Query, Res, UseInterceptors } from '@nestjs/common';
import { dayAfter, ownerOf, quarterOf, type Principal } from '@opensync/contracts';
import { Access, Caller } from '@opensync/platform/http';
import { scopesOf, type FigureScope } from '@opensync/stores';
import {
  calendarOf,
  readDays,
  readSummary,
  summaryText,
  type Calendar,
  type WrappedSummary,
} from '@opensync/wrapped-summary';
import type { FastifyReply } from 'fastify';
import { WaitForFigures } from '../analytics/wait-for-figures.ts';
import { parseQuery } from '../input.ts';
import { isKnown } from '../media/byte-range.ts';
import { QueryResources } from '../resources.ts';
import { WrappedPictures } from './pictures.ts';
import { listWrappedSchema, periodAsked, wrappedSchema, type OF } from './wrapped-request.ts';

type WrappedAnswer = WrappedSummary & { readonly of: (typeof OF)[number]; readonly prices: string | null };

/** It changes as sessions arrive, and belongs to one person. */
const CACHE = 'private, no-cache';

/** Summaries of days, weeks, months and years: of the caller, or of what the workspace shares. They hold no text. */
@Controller('api/wrapped')
@UseInterceptors(WaitForFigures)
export class WrappedController {
  readonly #resources: QueryResources;
  readonly #pictures: WrappedPictures;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
    this.#pictures = new WrappedPictures(resources);
  }

  /** The last days, the latest first. */
  @Get()
  @Access('figures')
  async list(@Caller() caller: Principal, @Query() query: unknown) {
    const { of, tz, limit } = parseQuery(listWrappedSchema, query);
    const calendar = this.#calendar(caller, of, tz);
    const today = this.#today(calendar);
    const range = { first: dayAfter(today, 1 - limit), after: dayAfter(today, 1) };
    const days = await readDays(this.#resources.documents, scopes(caller, of), calendar, range);
    return { of, tz: calendar.zoneOn(today), days: days.toReversed() };
  }

  @Get(':date')
  @Access('figures')
  async show(
    @Caller() caller: Principal,
    @Param('date') date: string,
    @Query() query: unknown,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | Buffer | WrappedAnswer | undefined> {
    const { of, tz, ...asked } = parseQuery(wrappedSchema, query);
    const calendar = this.#calendar(caller, of, tz);
    const { period, format } = periodAsked(date, this.#today(calendar));
    const { documents } = this.#resources;
    const [summary, rating] = await Promise.all([
      readSummary(documents, scopes(caller, of), period, calendar),
      documents.figureRating(),
    ]);
    void reply.header('cache-control', CACHE);
    if (format === 'json') return { of, ...summary, prices: rating?.digest ?? null };
    if (format === 'markdown') {
      void reply.type('text/markdown; charset=utf-8');
      return summaryText(summary);
    }
    const picture = this.#pictures.of(ownerOf(caller), summary, { ...asked, who: this.#nameOf(caller, of) });
    void reply.header('etag', picture.etag);
    if (isKnown(known, picture.etag)) return void reply.code(304);
    const png = await picture.png();
    void reply.type('image/png');
    return png;
  }

  #calendar(caller: Principal, of: (typeof OF)[number], tz: string | undefined): Calendar {
    if (tz !== undefined) return calendarOf([{ zone: tz }]);
    const { workspaceId, userId } = caller;
    return calendarOf(this.#resources.zonesOf({ workspaceId, userId: of === 'me' ? userId : undefined }));
  }

  #nameOf({ workspaceId, userId }: Principal, of: (typeof OF)[number]): string {
    return this.#resources.nameOf({ workspaceId, userId: of === 'me' ? userId : undefined }) ?? '';
  }

  #today(calendar: Calendar): string {
    return calendar.dayOf(quarterOf(this.#resources.now()));
  }
}

/** Own ones, private or shared; or what anyone shares. Nothing in between, so that nothing is counted twice. */
function scopes(caller: Principal, of: (typeof OF)[number]): readonly FigureScope[] {
  if (of === 'me') return scopesOf({ ...ownerOf(caller), sessions: 'own' });
  return [{ workspaceId: caller.workspaceId, userId: undefined, shared: true }];
}
