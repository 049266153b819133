import { costText, percentText } from '../markdown.ts';
import type { WrappedSummary } from '../summary.ts';
import { hoursText, shortText, usdText } from '../texts.ts';

/** What a picture shows, as short texts. */
export interface PictureContent {
  /** `Sunday, 29 November 2026` */
  readonly title: string;
  readonly shortTitle: string;
  readonly kicker: string;
  readonly who: string;
  readonly tokens: string;
  readonly isEmpty: boolean;
  /** Label and value, the most interesting first. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly models: readonly Bar[];
  readonly projects: readonly Bar[];
  readonly tools: readonly Bar[];
  readonly topModel: string;
  readonly topProject: string;
  readonly cost: string;
  readonly costBasis: string;
  readonly streak: string;
  readonly change: string;
  /** Shares of the busiest hour, from midnight on. */
  readonly hours: readonly number[];
  readonly busiestHour: string;
  /** Shares of the busiest day. */
  readonly days: readonly number[];
  readonly sessions: string;
  readonly messages: string;
  readonly cached: string;
  readonly longest: string;
}
export interface Bar {
  readonly name: string;
  readonly value: string;
  /** Of the largest one. */
  readonly share: number;
}

const KICKERS = { day: 'My day in code', week: 'My week in code', month: 'My month in code', year: 'My year in code' };

export function contentOf(summary: WrappedSummary, who: string): PictureContent {
  const { totals, models, projects, tools, hours, days, comparison, busiestHour, longestSessionMs } = summary;
  const { usd, status, complete } = totals.cost;
  const cost =
    status === 'unpriced' ? '?' : `${usd < 10_000 ? usdText(usd) : `$${shortText(usd)}`}${complete ? '' : '+'}`;
  const change = comparison.change.totalTokens;
  const streak = summary.edition === 'day' ? summary.streak : summary.longestStreak;
  const isEmpty = totals.messages + totals.sessions + totals.totalTokens + totals.toolCalls === 0;
  const content = {
    ...titles(summary),
    kicker: KICKERS[summary.edition],
    who,
    tokens: shortText(totals.totalTokens),
    isEmpty,
    models: bars(models.map(({ name, totalTokens }) => [name, totalTokens])),
    projects: bars(projects.map(({ name, totalTokens }) => [name, totalTokens])),
    tools: bars(tools.map(({ name, calls }) => [name, calls])),
    topModel: models[0]?.name ?? '–',
    topProject: projects[0]?.name ?? '–',
    cost,
    costBasis: costText(totals.cost).replace(/^.*\((.*)\)$/, '$1'),
    streak: `${streak} ${streak === 1 ? 'day' : 'days'}`,
    change: change === null ? '' : percentText(change),
    hours: shares(hours.map(({ messages, totalTokens }) => messages || (totalTokens > 0 ? 1 : 0))),
    busiestHour: busiestHour === null ? '–' : `${String(busiestHour).padStart(2, '0')}:00`,
    days: shares(days.map(({ totalTokens, messages }) => totalTokens || messages)),
    sessions: shortText(totals.sessions),
    messages: shortText(totals.messages),
    cached: shortText(totals.cacheReadTokens),
    longest: longestSessionMs > 0 ? hoursText(longestSessionMs) : '–',
  };
  return {
    ...content,
    facts: [
      ['Sessions', content.sessions],
      ['Messages', content.messages],
      ['Cost', content.cost],
      ['Streak', content.streak],
      ['Tool calls', shortText(totals.toolCalls)],
      ['From cache', content.cached],
      ['Busiest hour', content.busiestHour],
      ['Longest session', content.longest],
    ],
  };
}

function titles({ edition, date, days }: WrappedSummary) {
  const format = (options: Intl.DateTimeFormatOptions, day = date) =>
    new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options }).format(Date.parse(`${day}T00:00:00Z`));
  if (edition === 'year') return { title: date, shortTitle: date };
  if (edition === 'month') {
    const first = `${date}-01`;
    return {
      title: format({ month: 'long', year: 'numeric' }, first),
      shortTitle: format({ month: 'short', year: 'numeric' }, first),
    };
  }
  if (edition === 'week') {
    const [year, week] = date.split('-W');
    const from = format({ day: 'numeric', month: 'short' }, days[0]!.date);
    const to = format({ day: 'numeric', month: 'short' }, days.at(-1)!.date);
    return { title: `${from} – ${to}, ${year}`, shortTitle: `Week ${Number(week)}, ${year}` };
  }
  return {
    title: format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    shortTitle: format({ day: 'numeric', month: 'short', year: 'numeric' }),
  };
}

function bars(named: readonly (readonly [name: string | null, amount: number])[]): readonly Bar[] {
  const most = Math.max(1, ...named.map(([, amount]) => amount));
  return named
    .filter(([name]) => name !== null)
    .map(([name, amount]) => ({ name: name!, value: shortText(amount), share: amount / most }));
}

function shares(amounts: readonly number[]): readonly number[] {
  const most = Math.max(1, ...amounts);
  return amounts.map((amount) => amount / most);
}
