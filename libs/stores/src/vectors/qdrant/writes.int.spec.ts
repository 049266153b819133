import { describeWith, type Toxic } from '@opensync/testkit';
import { StoreUnavailableError } from '../../description.ts';
import { qdrantClient } from './connection.ts';
import { tailPoints } from './points.ts';
import type { VectorDocument } from '../port.ts';
import { ANN, aDocument, near, qdrantForTests } from './testing/fixtures.ts';
import { openQdrantVectors, qdrantCollections } from './store.ts';

await describeWith(['qdrant'], 'writers of vectors on Qdrant', ({ qdrant: url }) => {
  const { server, proxied } = qdrantForTests(url);

  const client = () => qdrantClient({ url });
  const messages = () => qdrantCollections(server).aliasOf('messages');

  const storedPoints = async () => {
    const { points } = await client().scroll(messages(), { limit: 1_000 });
    return points.map(({ payload }) => payload as { document: string; position: number; version: number });
  };

  describe('several writers', () => {
    it('converge to the newest version and leave no chunks of others, in any order', async () => {
      const stores = [await openQdrantVectors(server), await openQdrantVectors(server)];
      // Fixed, so that a failure comes again: lengths and the order of the writes differ by version.
      const versions = Array.from({ length: 24 }, (_, n) => ({ version: n + 1, length: 1 + ((n * 7) % 70) }));
      const shuffled = versions.map((_, n) => versions[(n * 11) % versions.length]!);
      await Promise.all(
        shuffled.map((given, n) =>
          stores[n % 2]!.upsert(ANN, [aDocument('contested', given), aDocument(`own ${n}`, given)]),
        ),
      );
      const { version, length } = versions.at(-1)!;
      const contested = (await storedPoints()).filter(({ document }) => document === 'contested');
      expect(contested.map(({ position }) => position).sort((a, b) => a - b)).toEqual([...Array(length).keys()]);
      expect(new Set(contested.map((point) => point.version))).toEqual(new Set([version]));
      const { hashes } = (await stores[0]!.indexed(ANN, ['contested'])).get('contested')!;
      expect(hashes).toEqual(Array.from({ length }, (_, at) => `${version} ${at}`));
    });

    it('remove the leftovers of an interrupted one, even if it never wrote position 0', async () => {
      const store = await openQdrantVectors(server);
      const long = aDocument('m', { version: 3, length: 5 });
      const tail = tailPoints(ANN, long);
      await client().upsert(messages(), { wait: true, points: tail });
      expect(await store.indexed(ANN, ['m'])).toEqual(new Map());
      await store.upsert(ANN, [aDocument('m', { version: 3, length: 1 })]);
      expect(await storedPoints()).toMatchObject([{ position: 0, version: 3 }]);
    });

    it('undo their writes after a newer and shorter text was written', async () => {
      const faster = await openQdrantVectors(server);
      let overtake = async (): Promise<unknown> => faster.upsert(ANN, [aDocument('m', { version: 2, length: 2 })]);
      const proxy = await proxied(async ({ method, path }, forward) => {
        if (method === 'PUT' && /\/points(\?|$)/.test(path)) {
          await overtake();
          overtake = async () => undefined;
        }
        return forward();
      });
      const slower = await openQdrantVectors({ ...server, url: proxy.url });
      await slower.upsert(ANN, [aDocument('m', { version: 1, length: 5 })]);
      const points = (await storedPoints()).sort((a, b) => a.position - b.position);
      expect(points).toMatchObject([
        { position: 0, version: 2 },
        { position: 1, version: 2 },
      ]);
      expect(points).toHaveLength(2);
    });

    it('leave alone the chunks that a newer one has written so far', async () => {
      const store = await openQdrantVectors(server);
      await store.upsert(ANN, [aDocument('m', { version: 1, length: 4 })]);
      const newer = aDocument('m', { version: 9, length: 4 });
      const tail = tailPoints(ANN, newer);
      await client().upsert(messages(), { wait: true, points: tail });
      await store.upsert(ANN, [aDocument('m', { version: 2, length: 2 })]);
      const versions = new Map((await storedPoints()).map(({ position, version }) => [position, version]));
      expect(versions).toEqual(new Map([0, 1, 2, 3].map((position) => [position, position === 0 ? 2 : 9])));
      // The reported state is the stored one: a kept vector belongs to its text.
      expect((await store.indexed(ANN, ['m'])).get('m')).toMatchObject({ version: 2, hashes: ['2 0', '9 1'] });
    });

    it('report lost chunks as not stored, so that they are embedded again', async () => {
      const store = await openQdrantVectors(server);
      await store.upsert(ANN, [aDocument('m', { length: 3 })]);
      await client().delete(messages(), { wait: true, filter: { must: [{ key: 'position', match: { value: 1 } }] } });
      expect((await store.indexed(ANN, ['m'])).get('m')?.hashes).toEqual(['1 0', '1 2']);
    });
  });

  it.each<[what: string, toxic: Awaited<ReturnType<Toxic>>]>([
    ['tears the connection', 'reset'],
    ['is overloaded', { status: 429, body: '{"status":{"error":"slow down"}}', headers: { 'retry-after': '1' } }],
    ['restarts', { status: 503, body: 'no', headers: { 'content-type': 'text/plain' } }],
    [
      'does not know the key any more',
      { status: 401, body: 'Invalid API key', headers: { 'content-type': 'text/plain' } },
    ],
  ])('is unavailable while the server %s, and works afterwards', async (_, trouble) => {
    let troubled = false;
    const proxy = await proxied(async (_request, forward) => (troubled ? trouble : forward()));
    const store = await openQdrantVectors({ ...server, url: proxy.url });
    troubled = true;
    const operations = [
      () => store.upsert(ANN, [aDocument('m')]),
      () => store.indexed(ANN, ['m']),
      () => near(store),
      () => store.remove(ANN, ['s']),
      () => store.describe(),
    ];
    for (const operation of operations) await expect(operation()).rejects.toBeInstanceOf(StoreUnavailableError);
    troubled = false;
    for (const operation of operations) await operation();
    expect(await near(store)).toHaveLength(1);
  });

  it('reports a document that the server rejects, and writes all others', async () => {
    const proxy = await proxied(async ({ method, body }, forward) =>
      method === 'PUT' && body.includes('"poison"') ? { status: 413, body: '{}' } : forward(),
    );
    const store = await openQdrantVectors({ ...server, url: proxy.url });
    const refused = await store.upsert(ANN, [aDocument('a'), aDocument('poison', { length: 3 }), aDocument('b')]);
    expect(refused).toEqual([{ id: 'poison', reason: expect.stringContaining('413') }]);
    expect([...(await store.indexed(ANN, ['a', 'poison', 'b'])).keys()].sort()).toEqual(['a', 'b']);
  });

  it('loses nothing when requests fail occasionally: repeated writes are complete in the end', async () => {
    let count = 0;
    let failed = 0;
    const failing: Toxic = async (_request, forward) => {
      count += 1;
      // Done, and the answer is lost, or not even done.
      const reply = count % 5 === 0 ? undefined : await forward();
      if (reply !== undefined && count % 7 !== 0) return reply;
      failed += 1;
      return 'reset';
    };
    let troubled = false;
    const proxy = await proxied((request, forward) => (troubled ? failing(request, forward) : forward()));
    const store = await openQdrantVectors({ ...server, url: proxy.url });
    troubled = true;
    const write = async (document: VectorDocument): Promise<void> => {
      try {
        await store.upsert(ANN, [document]);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        await write(document);
      }
    };
    const documents = Array.from({ length: 12 }, (_, n) =>
      aDocument(`m${n}`, { length: (n * 26) % 90, version: n + 1 }),
    );
    for (const document of documents) await write(document);
    expect(failed).toBeGreaterThan(5);
    troubled = false;
    const stored = await store.indexed(
      ANN,
      documents.map(({ id }) => id),
    );
    for (const { id, version, chunks } of documents) {
      expect(stored.get(id)).toMatchObject({ version, hashes: chunks.map(({ hash }) => hash) });
    }
  });
});
