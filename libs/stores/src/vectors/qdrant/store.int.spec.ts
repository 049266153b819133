import { describeWith, type Exchange, type Toxic } from '@opensync/testkit';
import { vectorConformance } from '../conformance/suite.ts';
import { VECTOR } from './collections.ts';
import { ANN, aDocument, near, qdrantForTests, removeCollections, turned } from './testing/fixtures.ts';
import { openQdrantVectors } from './store.ts';

await describeWith(['qdrant'], 'vectors on Qdrant', ({ qdrant: url }) => {
  const { server, proxied } = qdrantForTests(url);

  vectorConformance('Qdrant', async (dimensions) => {
    const store = await openQdrantVectors({ ...server, dimensions });
    return { store, close: () => store.close() };
  });

  it('keeps a stored chunk that cannot be normalized', async () => {
    const store = await openQdrantVectors(server);
    await store.upsert(ANN, [{ ...aDocument('m'), chunks: [{ hash: 'none', vector: new Float32Array(4) }] }]);
    await store.upsert(ANN, [{ ...aDocument('m', { version: 2 }), chunks: [{ hash: 'none' }] }]);
    const stored = (await store.indexed(ANN, ['m'], { vectors: true })).get('m');
    expect(stored).toMatchObject({ version: 2, hashes: ['none'], vectors: [new Float32Array(4)] });
    expect(await near(store)).toEqual([]);
  });

  it('finds all sessions although the server gives up early', async () => {
    const truncating: Toxic = async ({ path }, forward) => {
      const reply = await forward();
      if (!path.includes('/query/groups')) return reply;
      const { result, ...envelope } = JSON.parse(reply.body) as { result: { groups: unknown[] } };
      return { ...reply, body: JSON.stringify({ ...envelope, result: { groups: result.groups.slice(0, 2) } }) };
    };
    const proxy = await proxied(truncating);
    const store = await openQdrantVectors({ ...server, url: proxy.url });
    await store.upsert(
      ANN,
      Array.from({ length: 7 }, (_, n) => ({ ...aDocument(`m${n}`), chunks: [{ hash: 'h', vector: turned(n / 10) }] })),
    );
    expect((await near(store, 6)).map(({ messageId }) => messageId)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5']);
    expect(await near(store)).toHaveLength(7);
  });

  describe('requests to the server', () => {
    /** Opens through a proxy that answers for the server if `toxic` says so, and records the requests. */
    async function watched(options: { apiKey?: string; quantization?: 'none' | 'int8' } = {}) {
      const seen: Exchange[] = [];
      const proxy = await proxied(async (request, forward) => {
        seen.push(request);
        return forward();
      });
      const store = await openQdrantVectors({ ...server, url: proxy.url, ...options });
      const bodies = (method: string, path: RegExp) =>
        seen
          .filter((request) => request.method === method && path.test(request.path))
          .map(({ body }) => JSON.parse(body) as Record<string, unknown>);
      return { store, seen, bodies };
    }

    it('carry the key if there is one', async () => {
      const { seen } = await watched({ apiKey: 'key' });
      for (const { path, headers } of seen) expect([path, headers['api-key']]).toEqual([path, 'key']);
    });

    it('create a collection of full vectors, or with int8 of both, and convert an existing one', async () => {
      const plain = await watched();
      const made = plain.bodies('PUT', /^\/collections\/[^/]+$/);
      expect(made).toHaveLength(2);
      for (const body of made) {
        expect(body).toMatchObject({ hnsw_config: { m: 0, payload_m: 16 } });
        expect(body).not.toHaveProperty('quantization_config');
      }
      const int8 = await watched({ quantization: 'int8' });
      const int8Config = { scalar: { type: 'int8', quantile: 0.99, always_ram: true } };
      const changed = { quantization_config: int8Config, vectors: { [VECTOR]: { on_disk: true } } };
      expect(int8.bodies('PATCH', /^\/collections/)).toEqual([changed, changed]);
      await removeCollections({ url }, server.name);
      const fresh = await watched({ quantization: 'int8' });
      expect(fresh.bodies('PUT', /^\/collections\/[^/]+$/)).toEqual(
        [1, 2].map(() => expect.objectContaining({ quantization_config: int8Config })),
      );
    });

    it('wait until points are searchable, and replace none without comparing its version', async () => {
      const { store, seen, bodies } = await watched();
      await store.upsert(ANN, [aDocument('m', { length: 3, version: 7 })]);
      await store.upsert(ANN, [aDocument('m', { length: 1, version: 8 })]);
      await store.remove(ANN, ['ses_of_m']);
      const isWrite = ({ method, path }: Exchange) =>
        (method === 'PUT' && /\/points(\?|$)/.test(path)) || /\/points\/delete(\?|$)/.test(path);
      const written = seen.filter(isWrite).map(({ path }) => path);
      expect(written).toHaveLength(5);
      for (const path of written) expect(path).toContain('wait=true');
      const writes = bodies('PUT', /\/points(\?|$)/);
      expect(writes).toHaveLength(3);
      for (const body of writes) expect(body).toHaveProperty('update_filter.should.0.must.1.key', 'version');
    });
  });
});
