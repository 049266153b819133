import type { Client, estypes } from '@elastic/elasticsearch';

const KEEP_ALIVE = '2m';

export interface SeenRow {
  readonly id: string;
  readonly version: number;
}

/**
 * All matching rows, by id and version, in pages: a snapshot, however long the scan takes and whatever is written or
 * deleted meanwhile.
 */
export async function* pagesOfRows(
  client: Client,
  index: string,
  { query, routing, size = 1_000 }: { query: estypes.QueryDslQueryContainer; routing?: string; size?: number },
): AsyncGenerator<readonly SeenRow[]> {
  let { id } = await client.openPointInTime({ index, keep_alive: KEEP_ALIVE, ...(routing && { routing }) });
  try {
    let after: estypes.SortResults | undefined;
    for (;;) {
      const { hits, pit_id } = await client.search({
        pit: { id, keep_alive: KEEP_ALIVE },
        query,
        size,
        sort: [{ _shard_doc: 'asc' }],
        _source: false,
        version: true,
        track_total_hits: false,
        ...(after && { search_after: after }),
      });
      id = pit_id ?? id;
      if (hits.hits.length > 0) yield hits.hits.map(({ _id, _version }) => ({ id: _id!, version: _version! }));
      if (hits.hits.length < size) return;
      after = hits.hits.at(-1)!.sort;
    }
  } finally {
    // It costs the server disk while it is open; one that cannot be closed now ends with its keep-alive.
    await client.closePointInTime({ id }).catch(() => undefined);
  }
}
