import { addAmounts, noAmounts, type Amounts } from '@opensync/contracts';
import type { Calendar } from './calendar.ts';
import { readQuarters, type FigureReads } from './read-quarters.ts';
import type { SummaryScope } from './read-summary.ts';
import { daysBetween, lineOf, type DayLine } from './summary.ts';

/** What happened on each day, from the first up to but excluding `after`. */
export async function readDays(
  store: FigureReads,
  scopes: SummaryScope,
  calendar: Calendar,
  { first, after }: { readonly first: string; readonly after: string },
): Promise<readonly DayLine[]> {
  const quarters = new Map<number, Amounts>();
  await readQuarters(store, scopes, { from: calendar.startOf(first), to: calendar.startOf(after) }, quarters);
  const sums = new Map(daysBetween(first, after).map((day) => [day, noAmounts()]));
  for (const [quarter, amounts] of quarters) addAmounts(sums.get(calendar.dayOf(quarter))!, amounts);
  return [...sums].map(([day, amounts]) => lineOf(day, amounts));
}
