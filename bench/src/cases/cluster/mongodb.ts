import { DocumentsProjection } from '@opensync/projector';
import { dropGeneration, openGeneration } from '@opensync/stores';
import { MongoClient, type Collection, type Db } from 'mongodb';
import { deliveries, inBatches, manyEvents } from '../../events.ts';
import { rates, type Figure } from '../../figures.ts';
import { onServer } from '../../servers.ts';
import { ownName, settingsWith, withDatabase } from '../../stores.ts';
import { inTurn } from '../../turns.ts';

const EVENTS = 10_000;
const BATCH = 500;
const NAME = `documents projection to MongoDB, batches of ${BATCH}`;

/** Events → documents in MongoDB, against unordered bulk upserts of the very documents that it leaves. */
export function mongodbFigures(): Promise<Figure[]> {
  return onServer('mongodb', NAME, async (server) => {
    const name = ownName();
    const url = withDatabase(server, name);
    const settings = settingsWith({ MONGODB_URL: url });
    const client = new MongoClient(url, { ignoreUndefined: true });
    const database = client.db(name, { writeConcern: { w: 'majority', journal: true } });
    const open = async (generation: number) => {
      const documents = await openGeneration(settings, 'documents', generation);
      return {
        documents,
        projection: new DocumentsProjection({
          history: async function* () {},
          documents,
          publishChanges: async () => {},
        }),
      };
    };
    try {
      const batches = inBatches(deliveries(manyEvents(EVENTS)), BATCH);
      // Once unmeasured: it warms both sides up and shows what there is to write.
      const warm = await open(1);
      for (const batch of batches) await warm.projection.apply(batch);
      const left = await documentsLeft(database);
      await warm.documents.close();
      await dropGeneration(settings, 'documents', 1);
      const measured = await open(2);
      // Opened for its collections and indexes alone.
      const raw = await open(3);
      const rated = await inTurn(
        batches.map((batch, at) => ({ batch, left: left.slice(at * BATCH, (at + 1) * BATCH) })),
        ({ batch }) => batch.length,
        {
          product: ({ batch }) => measured.projection.apply(batch),
          raw: ({ left }) => rawUpserts(database, 'g3_', left),
        },
      );
      for (const { documents } of [measured, raw]) await documents.close();
      return [rates(NAME, rated, '≥ 0.6')];
    } finally {
      await database.dropDatabase();
      await client.close();
    }
  });
}

interface Left {
  readonly collection: (typeof COLLECTIONS)[number];
  readonly sequence: number;
  readonly document: Stored;
}
type Stored = { readonly _id: string } & Record<string, unknown>;

const COLLECTIONS = ['sessions', 'messages', 'parts'] as const;

/** All documents of the first generation, by the event that made them. */
async function documentsLeft(database: Db): Promise<Left[]> {
  const left: Left[] = [];
  for (const collection of COLLECTIONS) {
    for await (const document of database.collection<Stored>(collection).find()) {
      const span = document.span as { firstSequence: number } | undefined;
      left.push({ collection, sequence: span?.firstSequence ?? Number(document.sequence), document });
    }
  }
  return left.sort((a, b) => a.sequence - b.sequence);
}

async function rawUpserts(database: Db, prefix: string, left: readonly Left[]): Promise<void> {
  await Promise.all(
    [...Map.groupBy(left, ({ collection }) => collection)].map(([name, documents]) => {
      const collection: Collection<Stored> = database.collection(`${prefix}${name}`);
      return collection.bulkWrite(
        documents.map(({ document }) => ({
          replaceOne: { filter: { _id: document._id }, replacement: document, upsert: true },
        })),
        { ordered: false },
      );
    }),
  );
}
