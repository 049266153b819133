import {
  addAmounts,
  amountOf,
  amountsJson,
  costJson,
  dayAfter,
  noAmounts,
  QUARTER_MS,
  type Amounts,
  type AmountsJson,
  type CostJson,
  type Figures,
  type NamedAmounts,
} from '@opensync/contracts';
import type { Calendar } from './calendar.ts';
import type { WrappedPeriod } from './editions.ts';

/** Of each kind of name. */
const TOP_NAMES = 5;
/** Streaks are not followed further back. */
export const LONGEST_STREAK = 400;

export interface RankedName {
  /** Null: sessions or responses without a name. */
  readonly name: string | null;
  readonly sessions: number;
  readonly messages: number;
  readonly totalTokens: number;
  readonly cost: CostJson;
}
export interface RankedTool {
  readonly name: string | null;
  readonly calls: number;
  readonly errors: number;
}
export interface DayLine {
  readonly date: string;
  readonly sessions: number;
  readonly messages: number;
  readonly totalTokens: number;
  readonly usd: number;
}
export interface Comparison {
  readonly from: string;
  readonly days: number;
  readonly sessions: number;
  readonly messages: number;
  readonly totalTokens: number;
  readonly usd: number;
  /** How much more or less there was on a day, as a share: 0.5 is half as much again. Null: there was none before. */
  readonly change: Readonly<Record<'sessions' | 'messages' | 'totalTokens' | 'usd', number | null>>;
}

export interface WrappedSummary {
  readonly edition: WrappedPeriod['edition'];
  readonly date: string;
  /** Milliseconds since the epoch, up to but excluding `to`. */
  readonly from: number;
  readonly to: number;
  /** Of its last day. */
  readonly tz: string;
  readonly totals: AmountsJson;
  /** With the most tokens first. */
  readonly models: readonly RankedName[];
  readonly sources: readonly RankedName[];
  readonly projects: readonly RankedName[];
  /** With the most calls first. */
  readonly tools: readonly RankedTool[];
  /** How many different ones there were. */
  readonly counts: Readonly<Record<'models' | 'sources' | 'projects' | 'tools', number>>;
  /** Messages and tokens by hour of the day, from 0 on. */
  readonly hours: readonly { readonly messages: number; readonly totalTokens: number }[];
  /** With the most messages, then tokens; null if nothing happened. */
  readonly busiestHour: number | null;
  readonly busiestDay: string | null;
  /** Days with any activity. */
  readonly activeDays: number;
  /** How many active days in a row end with its last day; at most {@link LONGEST_STREAK}. */
  readonly streak: number;
  /** Within the period. */
  readonly longestStreak: number;
  readonly longestSessionMs: number;
  /** Its days in order; of a day, the week before as well. */
  readonly days: readonly DayLine[];
  readonly comparison: Comparison;
}

export interface SummaryFigures {
  /** Of the period. */
  readonly figures: Pick<Figures, 'totals' | 'lengths' | 'models' | 'sources' | 'projects' | 'tools'>;
  /** Amounts of each quarter of an hour: of the period, and of what a series or streak needs before it. */
  readonly quarters: ReadonlyMap<number, Amounts>;
  /** Of what it is compared with. */
  readonly before: Amounts;
}

/** Pure: the same figures give the same summary, byte for byte. */
export function summarize(period: WrappedPeriod, calendar: Calendar, found: SummaryFigures): WrappedSummary {
  const { figures, quarters, before } = found;
  const [from, to] = [calendar.startOf(period.first), calendar.startOf(period.after)];
  const hours = Array.from({ length: 24 }, () => ({ messages: 0, totalTokens: 0 }));
  const byDay = new Map<string, number[]>();
  for (const [quarter, amounts] of quarters) {
    const day = calendar.dayOf(quarter);
    if (!byDay.has(day)) byDay.set(day, noAmounts());
    addAmounts(byDay.get(day)!, amounts);
    if (quarter < from || quarter >= to) continue;
    const hour = hours[calendar.hourOf(quarter)]!;
    hour.messages += amountOf(amounts, 'messages');
    hour.totalTokens += amountOf(amounts, 'totalTokens');
  }
  const days = daysBetween(period.edition === 'day' ? period.before : period.first, period.after).map((date) =>
    lineOf(date, byDay.get(date) ?? noAmounts()),
  );
  const own = days.filter(({ date }) => date >= period.first);
  const lastDay = dayAfter(period.after, -1);
  const isActive = (day: string) => byDay.has(day) && isAny(byDay.get(day)!);
  return {
    ...{ edition: period.edition, date: period.date, from: from * QUARTER_MS, to: to * QUARTER_MS },
    tz: calendar.zoneOn(lastDay),
    totals: amountsJson(figures.totals),
    models: ranked(figures.models),
    sources: ranked(figures.sources),
    projects: ranked(figures.projects),
    tools: rankedTools(figures.tools),
    counts: {
      models: named(figures.models),
      sources: named(figures.sources),
      projects: named(figures.projects),
      tools: named(figures.tools),
    },
    hours,
    busiestHour: busiest(hours.map((hour, at) => ({ ...hour, at })))?.at ?? null,
    busiestDay: busiest(own)?.date ?? null,
    activeDays: own.filter(({ date }) => isActive(date)).length,
    streak: streakUntil(lastDay, isActive),
    longestStreak: longestRun(own.map(({ date }) => isActive(date))),
    longestSessionMs: figures.lengths.longest ?? 0,
    days,
    comparison: compared(period, own, figures.totals, before),
  };
}

/** From the first up to but excluding `after`. */
export function daysBetween(first: string, after: string): string[] {
  const days: string[] = [];
  for (let day = first; day < after; day = dayAfter(day, 1)) days.push(day);
  return days;
}

export function lineOf(date: string, amounts: Amounts): DayLine {
  return { date, ...lineAmounts(amounts) };
}

export function isAny(amounts: Amounts): boolean {
  return amounts.some((amount) => amount !== 0);
}

function lineAmounts(amounts: Amounts) {
  return {
    sessions: amountOf(amounts, 'sessions'),
    messages: amountOf(amounts, 'messages'),
    totalTokens: amountOf(amounts, 'totalTokens'),
    usd: costJson(amounts).usd,
  };
}

function ranked(names: NamedAmounts): readonly RankedName[] {
  return Object.entries(names)
    .map(([name, amounts]) => {
      const { usd: _, ...line } = lineAmounts(amounts);
      return { name: name || null, ...line, cost: costJson(amounts) };
    })
    .sort(
      (a, b) =>
        b.totalTokens - a.totalTokens ||
        b.messages - a.messages ||
        b.sessions - a.sessions ||
        (String(a.name) < String(b.name) ? -1 : 1),
    )
    .slice(0, TOP_NAMES);
}

function rankedTools(names: NamedAmounts): readonly RankedTool[] {
  return Object.entries(names)
    .map(([name, amounts]) => ({
      name: name || null,
      calls: amountOf(amounts, 'toolCalls'),
      errors: amountOf(amounts, 'toolErrors'),
    }))
    .sort((a, b) => b.calls - a.calls || b.errors - a.errors || (String(a.name) < String(b.name) ? -1 : 1))
    .slice(0, TOP_NAMES);
}

function named(names: NamedAmounts): number {
  return Object.keys(names).filter((name) => name !== '').length;
}

/** The first of those with the most; undefined if nothing happened. */
function busiest<Line extends { readonly messages: number; readonly totalTokens: number }>(
  lines: readonly Line[],
): Line | undefined {
  const [first] = [...lines].sort((a, b) => b.messages - a.messages || b.totalTokens - a.totalTokens);
  return first && first.messages + first.totalTokens > 0 ? first : undefined;
}

function streakUntil(last: string, isActive: (day: string) => boolean): number {
  let streak = 0;
  for (let day = last; streak < LONGEST_STREAK && isActive(day); day = dayAfter(day, -1)) streak++;
  return streak;
}

function longestRun(days: readonly boolean[]): number {
  let [longest, run] = [0, 0];
  for (const isActive of days) longest = Math.max(longest, (run = isActive ? run + 1 : 0));
  return longest;
}

function compared(
  period: WrappedPeriod,
  own: readonly DayLine[],
  totals: Amounts,
  before: Amounts,
): WrappedSummary['comparison'] {
  const days = daysBetween(period.before, period.first).length;
  const [now, then] = [lineAmounts(totals), lineAmounts(before)];
  const changeOf = (name: keyof typeof now) =>
    then[name] === 0 ? null : now[name] / own.length / (then[name] / days) - 1;
  return {
    ...{ from: period.before, days, ...then },
    change: {
      sessions: changeOf('sessions'),
      messages: changeOf('messages'),
      totalTokens: changeOf('totalTokens'),
      usd: changeOf('usd'),
    },
  };
}
