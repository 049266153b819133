import { waitFor } from '@opensync/testkit';
import type { Api } from './api.ts';
import { inParallel } from './in-parallel.ts';
import type { Ledger } from './load.ts';
import type { Receipt } from './settled.ts';
import { countsOf, isAtRest } from './status.ts';
import type { Target } from './target.ts';

/** Requests at a time; more would only queue. */
const WIDTH = 8;
/** Receipts of one owner; each looks into all three stores. */
const RECEIPTS = 80;
/** Restarted indexers first work off what was left. */
const AT_REST_WITHIN_MS = 150_000;

/**
 * Compares the indexes with the documents, which must have been audited; each line of the answer is a surplus row, a
 * missing one, or an acknowledged write that an index does not know. Waits for the indexers to catch up.
 * @param owners everybody who has written to the target, as the stores count everybody's data
 */
export async function auditIndexes(
  target: Target,
  owners: readonly Api[],
  ledgers: readonly Ledger[],
): Promise<string[]> {
  const status = await waitFor(
    async () => {
      const now = await target.status();
      return isAtRest(now) && now;
    },
    { timeoutMs: AT_REST_WITHIN_MS, intervalMs: 100, what: 'all projections to be at rest' },
  );
  const counts = countsOf(status);
  // A search does not notice a duplicate row, or one without a document.
  const problems = Object.entries(expectedCounts(await totalsOf(owners))).flatMap(([store, expected]) =>
    Object.entries(expected)
      .filter(([what, count]) => counts[store]?.[what] !== count)
      .map(([what, count]) => `${store} has ${counts[store]?.[what]} ${what} for ${count}`),
  );
  for (const { api, positions } of ledgers) {
    const receipts = await inParallel(spread(positions, RECEIPTS), WIDTH, (position) =>
      api.get<Receipt>(`/api/receipts/${position}`),
    );
    for (const receipt of receipts) {
      const { documents, searchable, embedded } = receipt;
      if (!documents || !searchable || !embedded) problems.push(`receipt ${JSON.stringify(receipt)}`);
    }
  }
  return problems;
}

interface Totals {
  readonly sessions: number;
  readonly titled: number;
  readonly messages: number;
}

async function totalsOf(owners: readonly Api[]): Promise<Totals> {
  const sessions = (await Promise.all(owners.map((api) => api.sessions()))).flat();
  return {
    sessions: sessions.length,
    titled: sessions.filter(({ title }) => title !== null).length,
    messages: sessions.reduce((sum, { messageCount }) => sum + messageCount, 0),
  };
}

/** Each text of the load is one chunk, and so is a title; a session without one has a place among the vectors, and none of them. */
function expectedCounts({ sessions, titled, messages }: Totals) {
  return {
    documents: { sessions, messages },
    search: { sessions, rows: sessions + messages },
    vectors: { sessions, messages, chunks: titled + messages },
  };
}

/** At most `most` of the items, evenly from the first to the last. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, at) => items[Math.floor((at * (items.length - 1)) / (most - 1))]!);
}
