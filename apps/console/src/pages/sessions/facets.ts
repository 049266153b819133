import { get } from '../../api/client.ts';
import type { FilterName } from './filters.ts';

export interface Choice {
  readonly value: string;
  readonly count: number;
}
export type Facets = Readonly<Partial<Record<FilterName, readonly Choice[]>>>;

const COUNTED = ['source', 'model', 'provider', 'project', 'user'] as const;
const MOST_CHOICES = 30;

/** How many sessions each choice of a filter has, of all that the person may see. */
export async function readFacets(signal: AbortSignal): Promise<Facets> {
  const counts = await Promise.all(
    COUNTED.map(async (groupBy) => {
      const { groups } = await get('/api/analytics', { query: { groupBy }, signal });
      const choices = groups
        .filter(({ key, sessions }) => key !== null && key !== '(other)' && sessions > 0)
        .map(({ key, sessions }) => ({ value: key!, count: sessions }))
        .sort((a, b) => b.count - a.count)
        .slice(0, MOST_CHOICES);
      return [groupBy, choices] as const;
    }),
  );
  return Object.fromEntries(counts);
}
