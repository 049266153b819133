import { conditionsOf, FACETS, type FacetName, type OneOf, type SessionFilter } from '../filters.ts';
import type { FacetOptions, SearchEngine } from './engine.ts';
import { matching } from './matching.ts';
import type { FacetCount, FacetCounts, FacetQuery } from './port.ts';

/**
 * Counts the values of each facet among what a query finds, for every engine. A facet does not filter itself: its
 * counts say what another choice would find.
 * @param engineFor an engine that searches with this filter
 */
export async function countFacets<Session, Row>(
  engineFor: (filter: SessionFilter) => SearchEngine<Session, Row>,
  query: FacetQuery,
  hidden: FacetOptions['hidden'],
): Promise<FacetCounts> {
  const counts = new Map<FacetName, readonly FacetCount[]>();
  for (const { filter, names } of groupsOf(query)) {
    const engine = engineFor(filter);
    const found = await matching(engine, query);
    const options = { limit: query.limit, selected: selectedIn(query.filter, names), hidden };
    for (const [name, values] of await engine.facets(names, found, options)) counts.set(name, values);
  }
  return counts;
}

/** Facets that share a filter are counted together: all that select nothing, and each of the others by itself. */
function groupsOf({ names, filter }: FacetQuery): { filter: SessionFilter; names: readonly FacetName[] }[] {
  const selecting = names.filter((name) => filter[name] !== undefined);
  const others = names.filter((name) => filter[name] === undefined);
  return [
    ...(others.length > 0 ? [{ filter, names: others }] : []),
    ...selecting.map((name) => {
      const { [name]: _, ...rest } = filter;
      return { filter: rest, names: [name] };
    }),
  ];
}

/** The value that a filter selects, and what has it. */
function selectedIn(filter: SessionFilter, names: readonly FacetName[]): FacetOptions['selected'] {
  return new Map(
    names.flatMap((name) => {
      const value = filter[name];
      if (value === undefined) return [];
      return [[name, { value, condition: conditionsOf({ [name]: value })[0] as OneOf }]];
    }),
  );
}

/** The most frequent values, at most `limit`, and those that are selected. Pure. */
export function mostFrequent(
  counts: Iterable<FacetCount>,
  limit: number,
  selected: FacetCount | undefined,
): readonly FacetCount[] {
  const sorted = [...counts].sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  const shown = sorted.slice(0, limit);
  return selected && !shown.some(({ value }) => value === selected.value) ? [...shown, selected] : shown;
}

/** The name that a facet shows for a stored value; undefined for a value of another facet, or none. */
export function shownValue(name: FacetName, stored: string): string | undefined {
  const { label } = FACETS[name];
  if (label === undefined) return stored === '' ? undefined : stored;
  return stored.startsWith(`${label}:`) ? stored.slice(label.length + 1) : undefined;
}
