import { dayAfter, type Amounts } from '@opensync/contracts';
import { readFigures, type FigureScope } from '@opensync/stores';
import type { Calendar } from './calendar.ts';
import type { WrappedPeriod } from './editions.ts';
import { readQuarters, type FigureReads } from './read-quarters.ts';
import { isAny, LONGEST_STREAK, summarize, type WrappedSummary } from './summary.ts';

/** Whose figures it is about, without counting anything twice. */
export type SummaryScope = readonly FigureScope[];

/** How many more days are read at once while a streak goes on. */
const STREAK_PAGE = 32;

/** Sums up a period of an owner or workspace. How long it takes depends on its days, not on the number of sessions. */
export async function readSummary(
  store: FigureReads,
  scopes: SummaryScope,
  period: WrappedPeriod,
  calendar: Calendar,
): Promise<WrappedSummary> {
  const [from, to] = [calendar.startOf(period.first), calendar.startOf(period.after)];
  const before = { from: calendar.startOf(period.before), to: from };
  const members = ['totals', 'lengths', 'models', 'sources', 'projects', 'tools'] as const;
  const quarters = new Map<number, Amounts>();
  const begin = period.edition === 'day' ? before.from : from;
  const [figures, { totals }] = await Promise.all([
    readFigures(store, scopes, { from, to }, members),
    readFigures(store, scopes, before, ['totals']),
    readQuarters(store, scopes, { from: begin, to }, quarters),
  ]);
  await readStreak(
    store,
    scopes,
    calendar,
    { first: calendar.dayOf(begin), last: dayAfter(period.after, -1) },
    quarters,
  );
  return summarize(period, calendar, { figures, quarters, before: totals });
}

/** Reads further back while the days since have been active without a gap. */
async function readStreak(
  store: FigureReads,
  scopes: SummaryScope,
  calendar: Calendar,
  { first, last }: { readonly first: string; readonly last: string },
  quarters: Map<number, Amounts>,
): Promise<void> {
  let known = first;
  const active = new Set<string>();
  const note = () => {
    for (const [quarter, amounts] of quarters) if (isAny(amounts)) active.add(calendar.dayOf(quarter));
  };
  note();
  const end = dayAfter(last, 1 - LONGEST_STREAK);
  for (let day = last; day >= end && active.has(day); day = dayAfter(day, -1)) {
    if (day > known) continue;
    const next = dayAfter(known, -STREAK_PAGE);
    await readQuarters(store, scopes, { from: calendar.startOf(next), to: calendar.startOf(known) }, quarters);
    known = next;
    note();
  }
}
