import { embeddingModelOf } from '@opensync/platform';
import { openGeneration, type VectorDocument } from '@opensync/stores';
import { anOwner, removeIndexesAndCollections } from '@opensync/testkit';
import { QdrantClient, type Schemas } from '@qdrant/js-client-rest';
import { inBatches } from '../../events.ts';
import { rates, type Figure } from '../../figures.ts';
import { onServer } from '../../servers.ts';
import { ownName, settingsWith } from '../../stores.ts';
import { inTurn } from '../../turns.ts';

const DOCUMENTS = 2_000;
/** What the indexer writes at once. */
const BATCH = 64;
const NAME = `vectors to Qdrant, batches of ${BATCH}`;

/** `VectorStore.upsert` of given vectors, against raw upserts of the very points that it leaves, which wait as well. */
export function qdrantFigures(): Promise<Figure[]> {
  return onServer('qdrant', NAME, async (url) => {
    const prefix = ownName();
    const owner = anOwner();
    const settings = settingsWith({ QDRANT_URL: url, OPENSYNC_STORE_PREFIX: prefix });
    const client = new QdrantClient({ url, checkCompatibility: false });
    try {
      const { dimensions } = embeddingModelOf(settings);
      const batches = inBatches(
        Array.from({ length: DOCUMENTS }, (_, at) => aDocument(at, dimensions)),
        BATCH,
      );
      // Once unmeasured: it warms both sides up and shows what there is to write.
      const warm = await openGeneration(settings, 'vectors', 1);
      for (const documents of batches) await warm.upsert(owner, documents);
      const { collections } = await client.getCollections();
      const messages = collections.find(({ name }) => name.startsWith(`${prefix}-messages`))!.name;
      const left = await pointsIn(client, messages);
      const measured = await openGeneration(settings, 'vectors', 2);
      // Opened for its collection and payload indexes alone.
      const raw = await openGeneration(settings, 'vectors', 3);
      const rated = await inTurn(
        batches.map((documents) => ({ documents, points: documents.map(({ id }) => left.get(id)!) })),
        ({ documents }) => documents.length,
        {
          product: ({ documents }) => measured.upsert(owner, documents),
          raw: ({ points }) => client.upsert(messages.replace(/\d+$/, '000003'), { wait: true, points }),
        },
      );
      for (const store of [warm, measured, raw]) await store.close();
      return [rates(NAME, rated, '≥ 0.6')];
    } finally {
      await removeIndexesAndCollections({ qdrant: url }, prefix);
    }
  });
}

function aDocument(at: number, dimensions: number): VectorDocument {
  const vector = Float32Array.from({ length: dimensions }, () => Math.random() - 0.5);
  return {
    id: `msg_${at}`,
    collection: 'messages',
    sessionId: `ses_${Math.floor(at / 50)}`,
    version: at + 1,
    chunks: [{ hash: String(at), vector }],
    projectName: 'bench',
    projectPath: '/bench',
    source: 'claude-code',
    model: 'm',
    createdAt: at,
    visibility: 'private',
  };
}

/** The points of a collection by their document. */
async function pointsIn(client: QdrantClient, collection: string): Promise<Map<string, Schemas['PointStruct']>> {
  const { points } = await client.scroll(collection, { limit: DOCUMENTS, with_payload: true, with_vector: true });
  return new Map(
    points.map(({ id, vector, payload }) => [
      String(payload!.document),
      { id, vector: vector as Schemas['PointStruct']['vector'], payload: payload! },
    ]),
  );
}
