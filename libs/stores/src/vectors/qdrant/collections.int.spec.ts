import { randomUUID } from 'node:crypto';
import { describeWith } from '@opensync/testkit';
import { ConfigError } from '@opensync/platform';
import { StoreUnavailableError } from '../../description.ts';
import type { VectorStore } from '../port.ts';
import { VECTOR } from './collections.ts';
import { qdrantClient } from './connection.ts';
import { ANN, aDocument, MODEL, removeCollections, turned } from './testing/fixtures.ts';
import { dropQdrantGeneration, openQdrantVectors, qdrantCollections } from './store.ts';

await describeWith(['qdrant'], 'the collections of vectors on Qdrant', ({ qdrant: url }) => {
  let name: string;
  let server: { url: string; name: string } & typeof MODEL;
  beforeEach(() => {
    name = `test-${randomUUID()}`;
    server = { url, name, ...MODEL };
  });
  afterEach(() => removeCollections({ url }, name));

  const client = () => qdrantClient({ url });
  const messages = () => qdrantCollections(server).aliasOf('messages');
  const near = (store: VectorStore, limit = 20) => store.search(ANN, { vector: turned(0), filter: {}, limit });

  it('are separate for each model and dimension, across a restart', async () => {
    const small = await openQdrantVectors(server);
    await small.upsert(ANN, [aDocument('m')]);
    expect(await near(await openQdrantVectors({ ...server, model: 'some:model/latest' }))).toEqual([]);
    const large = await openQdrantVectors({ ...server, dimensions: 5 });
    expect(await large.search(ANN, { vector: new Float32Array([1, 0, 0, 0, 0]), filter: {}, limit: 5 })).toEqual([]);
    expect(await near(await openQdrantVectors(server))).toHaveLength(1);
  });

  it('have an index for every filter field, and tenants', async () => {
    await openQdrantVectors(server);
    const { payload_schema } = await client().getCollection(messages());
    expect(Object.keys(payload_schema).sort()).toEqual(
      [
        'createdAt',
        'document',
        'firstSequence',
        'labels',
        'model',
        'ownLabels',
        'owner',
        'position',
        'project',
        'session',
        'sharedWith',
        'source',
        'version',
      ].sort(),
    );
    expect(payload_schema.owner?.params).toMatchObject({ type: 'keyword', is_tenant: true });
  });

  it('are created once by several processes that start together', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(() => openQdrantVectors(server)));
    await Promise.all(stores.map((store, n) => store.upsert(ANN, [aDocument(`m${n}`)])));
    for (const store of stores) expect(await near(store)).toHaveLength(4);
    expect(await qdrantCollections(server).all()).toEqual([1]);
  });

  it('are switched to another generation at once, and the old one can be dropped', async () => {
    const store = await openQdrantVectors(server);
    await store.upsert(ANN, [aDocument('old')]);
    const next = await openQdrantVectors({ ...server, generation: 2 });
    await next.upsert(ANN, [aDocument('new 1'), aDocument('new 2')]);
    expect((await near(store)).map(({ messageId }) => messageId)).toEqual(['old']);

    const collections = qdrantCollections(server);
    expect([await collections.live(), await collections.all()]).toEqual([1, [1, 2]]);
    await expect(collections.drop(1)).rejects.toThrow('generation 1 of the vectors is in use');
    await collections.use(2);
    expect((await near(store)).map(({ messageId }) => messageId).sort()).toEqual(['new 1', 'new 2']);
    expect(await near(await openQdrantVectors(server))).toHaveLength(2);
    await dropQdrantGeneration({ ...server, generation: 1 });
    expect([await collections.live(), await collections.all()]).toEqual([2, [2]]);
  });

  it('with other dimensions under the same name are a wrong setting', async () => {
    const collections = qdrantCollections(server);
    await client().createCollection(collections.collectionOf('messages', 1), {
      vectors: { [VECTOR]: { size: 3, distance: 'Cosine' } },
    });
    const opening = openQdrantVectors(server);
    await expect(opening).rejects.toThrow(
      /^QDRANT_URL: the collection \S+ stores vectors with 3 dimensions .* needs 4 and Cosine/,
    );
    await expect(opening).rejects.toBeInstanceOf(ConfigError);
  });

  it.each(['messages', 'sessions'] as const)(
    'have no position after %s were deleted and recreated when the store was opened',
    async (kind) => {
      const store = await openQdrantVectors({ ...server, generation: 1 });
      await store.upsert(ANN, [aDocument('m')]);
      expect(await store.setPosition({ sequence: 7 }, undefined)).toBe(true);
      const opened = await openQdrantVectors({ ...server, generation: 1 });
      expect(await opened.position()).toEqual({ sequence: 7 });
      await client().deleteCollection(qdrantCollections(server).collectionOf(kind, 1));
      const again = await openQdrantVectors({ ...server, generation: 1 });
      expect(await again.position()).toBeUndefined();
      expect(await again.setPosition({ sequence: 3 }, undefined)).toBe(true);
    },
  );

  it.each(['messages', 'sessions'] as const)(
    'are never recreated by an operation after %s were deleted',
    async (kind) => {
      const store = await openQdrantVectors({ ...server, generation: 1 });
      await store.upsert(ANN, [aDocument('m')]);
      const gone = qdrantCollections(server).collectionOf(kind, 1);
      await client().deleteCollection(gone);
      const ofBoth = [() => store.describe(), () => store.remove(ANN, ['ses_of_m']), () => near(store)];
      const ofMessages = [
        () => store.upsert(ANN, [aDocument('m')]),
        () => store.position(),
        () => store.setPosition({ sequence: 1 }, undefined),
      ];
      for (const operation of [...ofBoth, ...(kind === 'messages' ? ofMessages : [])]) {
        await expect(operation()).rejects.toBeInstanceOf(StoreUnavailableError);
        await expect(operation()).rejects.toThrow(/one of its collections is missing.* opensync rebuild vectors/);
      }
      expect(await client().collectionExists(gone)).toEqual({ exists: false });

      const again = await openQdrantVectors({ ...server, generation: 1 });
      await again.upsert(ANN, [aDocument('n')]);
      expect(await near(store)).not.toHaveLength(0);
    },
  );
});
