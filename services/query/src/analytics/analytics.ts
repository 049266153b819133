import {
  addAmounts,
  amountsJson,
  dayAfter,
  dayOfQuarter,
  DURATION_LIMITS,
  noAmounts,
  QUARTER_MS,
  SIZE_LIMITS,
  type Amounts,
  type AmountsJson,
  type Breakdown,
  type Lengths,
  type NamedAmounts,
  type Reader,
} from '@opensync/contracts';
import { rangesOf, readFigures, scopesOf, type DocumentStore, type FigureScope, type Quarters } from '@opensync/stores';
import type { AnalyticsRequest } from './analytics-request.ts';

/** Of users; the figures of names are bounded already. */
const MOST_USERS = 300;

export interface AnalyticsGroup extends AmountsJson {
  /** A name, a day, or `1-09` for the hour from 9 on Mondays; null for sessions or responses without a name. */
  readonly key: string | null;
}

const BREAKDOWN_OF: Readonly<Record<string, Breakdown>> = {
  model: 'models',
  provider: 'providers',
  source: 'sources',
  project: 'projects',
  tool: 'tools',
};

/** Amounts over the sessions that a reader may see, in groups. Its time does not depend on the number of sessions. */
export async function readAnalytics(documents: DocumentStore, reader: Reader, request: AnalyticsRequest) {
  const { groupBy, zone, quarters } = request;
  const breakdown = BREAKDOWN_OF[groupBy];
  const [figures, rating] = await Promise.all([
    readFigures(documents, scopesOf(reader), quarters, ['totals', 'lengths', ...(breakdown ? [breakdown] : [])]),
    documents.figureRating(),
  ]);
  return {
    groupBy,
    tz: zone.name,
    from: quarters ? quarters.from * QUARTER_MS : null,
    to: quarters ? quarters.to * QUARTER_MS : null,
    prices: rating?.digest ?? null,
    totals: amountsJson(figures.totals),
    groups: await groupsOf(documents, reader, request, breakdown && figures[breakdown]),
    lengths: lengthsJson(figures.lengths),
  };
}

async function groupsOf(
  documents: DocumentStore,
  reader: Reader,
  { groupBy, zone, quarters }: AnalyticsRequest,
  named: NamedAmounts | undefined,
): Promise<readonly AnalyticsGroup[]> {
  if (named) return byWeight(Object.entries(named).map(([name, amounts]) => groupOf(name || null, amounts)));
  if (groupBy === 'user') return byUser(documents, reader, quarters);
  const { from, to } = quarters!;
  const keys = groupBy === 'day' ? daysIn(zone.dayOf(from), zone.dayOf(to - 1)) : HOURS;
  const keyOf =
    groupBy === 'day'
      ? (quarter: number) => zone.dayOf(quarter)
      : (quarter: number) => hourKey(zone.hourOf(quarter).weekday, zone.hourOf(quarter).hour);
  const sums = new Map(keys.map((key) => [key, noAmounts()]));
  const days = [{ level: 'day', from: dayOfQuarter(from), to: dayOfQuarter(to - 1) + 1 }] as const;
  for (const { figures } of await documents.figures({
    scopes: scopesOf(reader),
    ranges: days,
    members: ['quarters'],
  })) {
    for (const [text, amounts] of Object.entries(figures.quarters!)) {
      const quarter = Number(text);
      if (quarter >= from && quarter < to) addAmounts(sums.get(keyOf(quarter))!, amounts);
    }
  }
  return [...sums].map(([key, amounts]) => groupOf(key, amounts));
}

/** Own sessions, and the shared ones of each other member. */
async function byUser(
  documents: DocumentStore,
  reader: Reader,
  quarters: Quarters,
): Promise<readonly AnalyticsGroup[]> {
  const { workspaceId, userId } = reader;
  const members = await documents.figureMembers(workspaceId);
  const own = { workspaceId, userId };
  const scopes: FigureScope[] = [
    { ...own, shared: false },
    { ...own, shared: true },
    ...members.filter((member) => member.userId !== userId),
  ];
  const sums = new Map<string, number[]>();
  for (const found of await documents.figures({ scopes, ranges: rangesOf(quarters), members: ['totals'] })) {
    const user = found.scope.userId!;
    if (!sums.has(user)) sums.set(user, noAmounts());
    addAmounts(sums.get(user)!, found.figures.totals!);
  }
  const counted = [...sums].filter(([, amounts]) => amounts.some((amount) => amount !== 0));
  return byWeight(counted.map(([user, amounts]) => groupOf(user, amounts))).slice(0, MOST_USERS);
}

function groupOf(key: string | null, amounts: Amounts): AnalyticsGroup {
  return { key, ...amountsJson(amounts) };
}

/** The largest first. */
function byWeight(groups: readonly AnalyticsGroup[]): readonly AnalyticsGroup[] {
  return [...groups].sort(
    (a, b) =>
      b.totalTokens - a.totalTokens ||
      b.toolCalls - a.toolCalls ||
      b.sessions - a.sessions ||
      (String(a.key) < String(b.key) ? -1 : 1),
  );
}

function daysIn(first: string, last: string): string[] {
  const days = [first];
  while (days.at(-1)! < last) days.push(dayAfter(days.at(-1)!, 1));
  return days;
}

const HOURS = Array.from({ length: 7 * 24 }, (_, at) => hourKey(Math.floor(at / 24) + 1, at % 24));

function hourKey(weekday: number, hour: number): string {
  return `${weekday}-${String(hour).padStart(2, '0')}`;
}

/** How many sessions are at most so long, and longer than the limit before. */
function lengthsJson({ durations, sizes }: Lengths) {
  const classes = (limits: readonly number[], counts: readonly number[]) =>
    counts.map((sessions, at) => ({ upTo: limits[at] ?? null, sessions }));
  return { durationMs: classes(DURATION_LIMITS, durations), messages: classes(SIZE_LIMITS, sizes) };
}
