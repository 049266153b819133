import { createHash } from 'node:crypto';
import { quarterOf } from '@opensync/contracts';
import type { Preferences, StoredSummary, Summarized, SummaryLedger } from '@opensync/event-log/wrapped';
import { AppError } from '@opensync/platform';
import type { FigureScope, FigureStore } from '@opensync/stores';
import { scopesOf } from '@opensync/stores';
import { calendarOf, readSummary, type Calendar, type WrappedSummary, type ZoneFrom } from '@opensync/wrapped-summary';
import type { Deliver } from './delivery/deliver.ts';
import { endedPeriods, type EndedPeriod } from './periods.ts';

/**
 * By key, the day up to which an owner's summaries are made; `isComplete`: and sent. It saves work, and is only in memory: the ledger
 * has all of it.
 */
export type Finished = Map<string, { readonly today: string; readonly isComplete: boolean }>;

export interface SummaryResources {
  readonly documents: Pick<FigureStore, 'figures' | 'figureRating'>;
  readonly ledger: Pick<SummaryLedger, 'of' | 'put'>;
  readonly owners: () => Iterable<Summarized>;
  readonly zonesOf: (of: Summarized) => readonly ZoneFrom[];
  readonly preferencesOf: (of: Summarized) => Preferences;
  readonly deliver: Deliver;
  readonly finished: Finished;
}

export interface MadeSummaries {
  made: number;
  corrected: number;
  delivered: number;
}

/** Owners at the same time: what each needs is some hundred sums. */
const AT_ONCE = 8;
const DEFAULT_HOUR = 8;
/** After a downtime, older summaries are made but no longer sent. */
const SENT_WITHIN_DAYS = 2;

/**
 * Makes the summaries of what has ended for each owner, in their own time zone, and corrects those of the last week. Safe to repeat
 * and to run twice at once: a summary has one record, which is replaced only if nobody has replaced it since.
 * @throws AppError UNAVAILABLE; an Error after the others were made, if one owner's failed
 */
export async function makeSummaries(
  resources: SummaryResources,
  { now, signal }: { readonly now: number; readonly signal: AbortSignal },
): Promise<MadeSummaries> {
  const total: MadeSummaries = { made: 0, corrected: 0, delivered: 0 };
  const owners = resources.owners()[Symbol.iterator]();
  const prices = (await resources.documents.figureRating())?.digest ?? null;
  const calendars = new Map<string, Calendar>();
  const calendarIn = (zones: readonly ZoneFrom[]) => {
    const key = JSON.stringify(zones);
    if (!calendars.has(key)) calendars.set(key, calendarOf(zones));
    return calendars.get(key)!;
  };
  let failure: unknown;
  const work = async () => {
    for (let next = owners.next(); !next.done; next = owners.next()) {
      signal.throwIfAborted();
      const of = next.value;
      try {
        await finish(of, resources, { calendar: calendarIn(resources.zonesOf(of)), prices, now, total });
      } catch (error) {
        // It must not keep the others waiting.
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  signal.throwIfAborted();
  if (failure !== undefined) throw failure;
  return total;
}

interface Turn {
  readonly calendar: Calendar;
  readonly prices: string | null;
  readonly now: number;
  readonly total: MadeSummaries;
}

async function finish(of: Summarized, resources: SummaryResources, turn: Turn): Promise<void> {
  const { calendar, now, total } = turn;
  const quarter = quarterOf(now);
  const today = calendar.dayOf(quarter);
  const key = JSON.stringify(of);
  const wanted = resources.preferencesOf(of);
  const isDue = calendar.hourOf(quarter) >= (wanted.hour ?? DEFAULT_HOUR);
  const done = resources.finished.get(key);
  if (done?.today === today && (done.isComplete || !isDue)) return;
  let isLeft = false;
  for (const ended of endedPeriods(today)) {
    const found = await make(of, ended, resources, turn);
    if (!found || !isDue || ended.age > SENT_WITHIN_DAYS) continue;
    const { delivered, isRetried } = await resources.deliver({ of, wanted, now, ...found });
    total.delivered += delivered;
    isLeft ||= isRetried;
  }
  resources.finished.set(key, { today, isComplete: isDue && !isLeft });
}

/** Rounds in which another process changes the same record. */
const MANY_CONFLICTS = 20;

/**
 * Undefined if nothing happened, ever: there is nothing to keep. Also for a record that a newer version has written: that version has
 * made and perhaps sent it.
 * @throws AppError UNAVAILABLE
 */
async function make(
  of: Summarized,
  { period }: EndedPeriod,
  { documents, ledger }: SummaryResources,
  { calendar, prices, now, total }: Turn,
): Promise<{ summary: WrappedSummary; stored: StoredSummary } | undefined> {
  for (let attempt = 0; ; attempt++) {
    const summary = await readSummary(documents, figureScopes(of), period, calendar);
    const before = await ledger.of(of, period.date);
    if (!before.record && before.isUnreadable) return undefined;
    const { sessions, messages, totalTokens, toolCalls, cost } = summary.totals;
    if (!before.record && sessions + messages + totalTokens + toolCalls === 0) return undefined;
    const digest = digestOf(summary);
    if (before.record?.digest === digest) return { summary, stored: { record: before.record, entry: before.entry } };
    const figures = { sessions, messages, totalTokens, usd: cost.usd };
    const record = before.record
      ? { ...before.record, ...figures, digest, prices, correctedAt: now, revision: before.record.revision + 1 }
      : { ...figures, digest, prices, madeAt: now, revision: 1, deliveries: {} };
    const stored = await ledger.put(of, period.date, record, before.entry);
    if (!stored && attempt < MANY_CONFLICTS) continue;
    if (!stored) throw new AppError('UNAVAILABLE', 'The record of a summary is changed again and again');
    total[before.record ? 'corrected' : 'made']++;
    return { summary, stored };
  }
}

export function digestOf(summary: WrappedSummary): string {
  return createHash('sha256').update(JSON.stringify(summary)).digest('hex').slice(0, 32);
}

/** Own sessions of a user, private or shared; of a workspace what its members share. */
export function figureScopes({ workspaceId, userId }: Summarized): readonly FigureScope[] {
  if (userId !== undefined) return scopesOf({ workspaceId, userId, sessions: 'own' });
  return [{ workspaceId, userId: undefined, shared: true }];
}
