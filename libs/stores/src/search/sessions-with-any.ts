import type { Reader } from '@opensync/contracts';
import type { SearchStore } from './port.ts';
import type { QueryTerm } from './query.ts';

/**
 * Which of these sessions have a row with any of the terms. For lists that were found without words: excluded
 * sessions must not come back through them.
 */
export async function sessionsWithAny(
  store: SearchStore,
  reader: Reader,
  terms: readonly QueryTerm[],
  sessionIds: readonly string[],
  { until }: { readonly until?: number } = {},
): Promise<ReadonlySet<string>> {
  const hits = await Promise.all(
    terms.map((term) => {
      const parsed = { all: [term], none: [] };
      return store.search(reader, {
        parsed,
        filter: {},
        limit: Math.max(1, sessionIds.length),
        sessionIds,
        ...(until !== undefined && { until }),
      });
    }),
  );
  return new Set(hits.flat().map(({ sessionId }) => sessionId));
}
