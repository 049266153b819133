import { readdir } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { readerOf } from '@opensync/contracts';
import { temporaryFolder } from '@opensync/testkit';
import { vectorConformance } from '../conformance/suite.ts';
import type { VectorDocument, VectorStore } from '../port.ts';
import { openSqliteVectors, vectorsFile } from './store.ts';

const OWNER = { workspaceId: 'w', userId: 'u' };
const NO_FILTER = {};

vectorConformance('sqlite-vec', async (dimensions) => {
  const folder = await temporaryFolder();
  const store = await openSqliteVectors({ folder: folder.path, model: 'test', dimensions });
  return {
    store,
    close: async () => {
      await store.close();
      await folder.remove();
    },
  };
});

function aDocument(id: string, vectors: readonly Float32Array[]): VectorDocument {
  const heading = {
    source: '',
    model: '',
    projectName: '',
    projectPath: '',
    createdAt: 1,
    visibility: 'private' as const,
  };
  const chunks = vectors.map((vector, position) => ({ hash: `${id} ${position}`, vector }));
  return { ...heading, id, collection: 'messages', sessionId: `ses_${id}`, version: 1, chunks };
}

async function idsNear(store: VectorStore, vector: Float32Array, limit: number) {
  const hits = await store.search(OWNER, { vector, filter: NO_FILTER, limit });
  return hits.map(({ messageId }) => messageId);
}

it('keeps each model in its own file, next to the others and across a restart', async () => {
  await using folder = await temporaryFolder();
  const open = (model: string, dimensions: number) => openSqliteVectors({ folder: folder.path, model, dimensions });
  const small = await open('some/model:latest', 3);
  await small.upsert(OWNER, [aDocument('m', [new Float32Array([1, 0, 0])])]);
  const large = await open('some/model:latest', 4);
  expect(await idsNear(large, new Float32Array([1, 0, 0, 0]), 5)).toEqual([]);
  await small.close();
  await large.close();
  expect((await readdir(folder.path)).sort()).toEqual([
    'vectors-some%2Fmodel%3Alatest-3.db',
    'vectors-some%2Fmodel%3Alatest-4.db',
  ]);
  const again = await open('some/model:latest', 3);
  expect(await idsNear(again, new Float32Array([1, 0, 0]), 5)).toEqual(['m']);
  await again.close();
});

it('keeps the vectors of a file from before documents could be shared', async () => {
  await using folder = await temporaryFolder();
  const vectors = { folder: folder.path, model: 'test', dimensions: 3 };
  const made = await openSqliteVectors(vectors);
  const document = aDocument('m', [new Float32Array([1, 0, 0]), new Float32Array([0, 1, 0])]);
  await made.upsert(OWNER, [document]);
  await made.close();
  const database = new DatabaseSync(vectorsFile(vectors));
  database.exec(
    `ALTER TABLE documents DROP COLUMN first_sequence; DROP INDEX documents_shared; ALTER TABLE documents DROP COLUMN shared;
     ALTER TABLE documents DROP COLUMN labels; ALTER TABLE documents DROP COLUMN own_labels; PRAGMA user_version = 3`,
  );
  database.close();

  const store = await openSqliteVectors(vectors);
  const colleague = readerOf({ ...OWNER, userId: 'another' });
  const foundByColleague = () => store.search(colleague, { vector: new Float32Array([0, 1, 0]), filter: {}, limit: 1 });
  expect(await idsNear(store, new Float32Array([0, 1, 0]), 1)).toEqual(['m']);
  expect(await foundByColleague()).toEqual([]);
  expect(await store.hasBefore(OWNER, document.sessionId, 1)).toBe(true);
  const chunks = document.chunks.map(({ hash }) => ({ hash }));
  await store.upsert(OWNER, [{ ...document, version: 2, visibility: 'workspace', chunks }]);
  expect(await foundByColleague()).toMatchObject([{ messageId: 'm', score: expect.closeTo(1, 5) }]);
  await store.close();
});

it('finds with signatures what a full comparison finds', async () => {
  await using folder = await temporaryFolder();
  const dimensions = 64;
  const store = await openSqliteVectors({ folder: folder.path, model: 'test', dimensions });
  // A fixed linear congruential generator: the same vectors every time.
  let state = 1;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647 - 0.5;
  const centres = Array.from({ length: 50 }, () => Float32Array.from({ length: dimensions }, random));
  const around = (centre: Float32Array) => centre.map((value) => value + random() * 0.8);
  // More chunks than the first pass hands on, so that it has to choose.
  const documents = Array.from({ length: 4_000 }, (_, n) => aDocument(`m${n}`, [around(centres[n % 50]!)]));
  await store.upsert(OWNER, documents);
  for (const centre of centres.slice(0, 10)) {
    const query = around(centre);
    const nearest = documents
      .map(({ id, chunks }) => ({ id, score: cosine(query, chunks[0]!.vector!) }))
      .sort((a, b) => b.score - a.score);
    expect(await idsNear(store, query, 10)).toEqual(nearest.slice(0, 10).map(({ id }) => id));
  }
  await store.close();
});

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, index) => sum + value * y[index]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
