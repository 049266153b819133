import { Client } from '@elastic/elasticsearch';
import { openGeneration, type SearchDocument, type SearchStore } from '@opensync/stores';
import { anOwner, removeIndexesAndCollections, toxicProxy } from '@opensync/testkit';
import { inBatches } from '../../events.ts';
import { rates, type Figure } from '../../figures.ts';
import { aSearchDocument } from '../../search-documents.ts';
import { onServer } from '../../servers.ts';
import { ownName, settingsWith } from '../../stores.ts';
import { inTurn } from '../../turns.ts';

const DOCUMENTS = 10_000;
const BATCH = 500;
const NAME = `full-text rows to Elasticsearch, batches of ${BATCH}`;

/** An operation of a bulk request: what to do and the row. */
type Operation = readonly [action: { index: { _id: string; routing: string } }, row: Record<string, unknown>];

/** `SearchStore.index` as the indexer calls it, against raw bulk requests of the same rows with the same refresh. */
export function elasticsearchFigures(): Promise<Figure[]> {
  return onServer('elasticsearch', NAME, async (url) => {
    const prefix = ownName();
    const owner = anOwner();
    const open = (server: string, generation: number) =>
      openGeneration(settingsWith({ ELASTICSEARCH_URL: server, OPENSYNC_STORE_PREFIX: prefix }), 'search', generation);
    const client = new Client({ node: url });
    const stores: SearchStore[] = [];
    try {
      const batches = inBatches(
        Array.from({ length: DOCUMENTS }, (_, at) => aSearchDocument(at)),
        BATCH,
      );
      const sent = await sentRows(url, batches, async (server) => {
        const warm = await open(server, 1);
        stores.push(warm);
        return (documents) => warm.index(owner, documents);
      });
      const measured = await open(url, 2);
      // Opened for its mapping and settings alone.
      const raw = await open(url, 3);
      stores.push(measured, raw);
      const rated = await inTurn(
        batches.map((documents, at) => ({ documents, operations: sent.slice(at * BATCH, (at + 1) * BATCH) })),
        ({ documents }) => documents.length,
        {
          product: ({ documents }) => measured.index(owner, documents),
          raw: ({ operations }) =>
            client.bulk({ index: `${prefix}-search-000003`, refresh: true, operations: operations.flat() }),
        },
      );
      return [rates(NAME, rated, '≥ 0.6')];
    } finally {
      for (const store of stores) await store.close();
      await client.close();
      await removeIndexesAndCollections({ elasticsearch: url }, prefix);
    }
  });
}

/**
 * The rows as the adapter sends them, which the server does not give back, from behind a proxy. This run is not measured: it
 * warms up the server and both clients.
 */
async function sentRows(
  url: string,
  batches: readonly SearchDocument[][],
  open: (server: string) => Promise<(documents: readonly SearchDocument[]) => Promise<unknown>>,
): Promise<Operation[]> {
  const sent: Operation[] = [];
  const proxy = await toxicProxy(url, ({ path, body }, forward) => {
    if (path.includes('/_bulk')) sent.push(...operationsOf(body));
    return forward();
  });
  try {
    const index = await open(proxy.url);
    for (const documents of batches) await index(documents);
    return sent;
  } finally {
    await proxy.close();
  }
}

/** Without the versions: nobody else writes here, so a raw client needs no guard. */
function operationsOf(body: string): Operation[] {
  const lines = body.trimEnd().split('\n');
  return inBatches(lines, 2).map(([action, row]) => {
    const { _id, routing } = (JSON.parse(action!) as Operation[0]).index;
    return [{ index: { _id, routing } }, JSON.parse(row!) as Operation[1]];
  });
}
