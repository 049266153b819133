import { randomUUID } from 'node:crypto';
import { ownerKey, readerOf, type Reader } from '@opensync/contracts';
import { describeWith, toxicProxy, type Reply, type Toxic } from '@opensync/testkit';
import { UnusableStoreError, StoreUnavailableError } from '../../description.ts';
import { searchConformance } from '../conformance/suite.ts';
import { indexMapping, STEM_ANALYZER } from './mapping.ts';
import { aRow, removeIndexes } from './testing.ts';
import { sessionsWith } from './sessions.ts';
import {
  dropElasticsearchGeneration,
  elasticsearchClient,
  openElasticsearchSearch,
  useElasticsearchGeneration,
} from './store.ts';
import type { SearchStore } from '../port.ts';
import { parseQuery } from '../query.ts';

const OWNER = { workspaceId: 'wsp_one', userId: 'usr_ann' };

const found = async (store: SearchStore, query: string) => {
  const hits = await store.search(OWNER, { parsed: parseQuery(query), filter: {}, limit: 100 });
  return hits.map(({ messageId, sessionId }) => messageId ?? sessionId).sort();
};

await describeWith(['elasticsearch'], 'search on Elasticsearch', ({ elasticsearch: url }) => {
  const opened: { name: string; store: SearchStore; proxy?: { close: () => Promise<void> } }[] = [];
  const open = async () => {
    const name = `test-${randomUUID()}`;
    const store = await openElasticsearchSearch({ url, name, generation: 1 });
    opened.push({ name, store });
    return { name, store };
  };
  /** A store behind a proxy that interferes from now on. */
  const openBehind = async (toxic: Toxic) => {
    let interfere: Toxic = (_, forward) => forward();
    const proxy = await toxicProxy(url, (request, forward) => interfere(request, forward));
    const name = `test-${randomUUID()}`;
    const store = await openElasticsearchSearch({ url: proxy.url, name, generation: 1 });
    opened.push({ name, store, proxy });
    interfere = toxic;
    return { name, store };
  };
  afterEach(async () => {
    for (const { name, store, proxy } of opened.splice(0)) {
      await store.close();
      await proxy?.close();
      await removeIndexes(url, name);
    }
  });

  searchConformance('Elasticsearch', async () => {
    const name = `test-${randomUUID()}`;
    const store = await openElasticsearchSearch({ url, name, generation: 1 });
    return {
      store,
      close: async () => {
        await store.close();
        await removeIndexes(url, name);
      },
    };
  });

  it('excludes every session, page by page', async () => {
    const { name, store } = await open();
    await store.index(OWNER, [
      ...Array.from({ length: 7 }, (_, n) => aRow(`bad_${n}`, { text: 'needle in hay' })),
      aRow('good'),
    ]);
    const client = elasticsearchClient({ url });
    const options = { inTime: () => ({ requestTimeout: 5_000 }), pageSize: 3, spread: 'workspace' as const };
    const scope = { reader: OWNER, filter: {} };
    const sessions = await sessionsWith(client, `${name}-000001-rows`, scope, parseQuery('"hay"').all, options);
    await client.close();
    expect(sessions.toSorted()).toEqual(Array.from({ length: 7 }, (_, n) => `ses_of_bad_${n}`));
    expect(await found(store, 'needle -hay')).toEqual(['good']);
  });

  describe('Elasticsearch', () => {
    it('finds every word that begins with the typed text, also at the end of a phrase', async () => {
      const { store } = await open();
      // More than an expansion takes, and all sort before the one that is meant.
      const crowd = Array.from({ length: 12_000 }, (_, n) => `src/aa${n}`).join(' ');
      await store.index(OWNER, [aRow('crowd', { text: crowd }), aRow('meant', { text: 'src/azure.ts' })]);
      expect(await found(store, 'src/a')).toEqual(['crowd', 'meant']);
      expect(await found(store, 'az')).toEqual(['meant']);
    });

    it('handles a pasted page', async () => {
      const { store } = await open();
      const page = Array.from({ length: 32 }, (_, n) => `"${'数据库里搜索'.repeat(20)}useState${n}"`).join(' ');
      await store.index(OWNER, [aRow('page', { text: page }), aRow('other')]);
      expect(await found(store, page)).toEqual(['page']);
    });

    it('removes more rows than a page holds', async () => {
      const { store } = await open();
      const rows = Array.from({ length: 2_500 }, (_, n) => aRow(`m${n}`, { sessionId: 'large' }));
      await store.index(OWNER, [...rows, aRow('kept')]);
      expect(await store.remove(OWNER, ['large'])).toBe(2_500);
      expect(await found(store, 'needle')).toEqual(['kept']);
    });

    it('keeps the newest in any order of writes', async () => {
      const { store } = await open();
      const versions = [3, 7, 1, 6, 2, 8, 5, 4];
      await Promise.all(versions.map((version) => store.index(OWNER, [aRow('m', { version, text: `v${version}` })])));
      expect(await found(store, '"v8"')).toEqual(['m']);
      expect((await store.indexed(OWNER, ['m'])).get('m')?.version).toBe(8);
    });

    it('reports documents that it will never accept, and writes all others', async () => {
      const { store } = await open();
      const poison = aRow('poison', { projectPath: 'x'.repeat(40_000) });
      const refused = await store.index(OWNER, [aRow('a'), poison, aRow('b')]);
      expect(refused).toEqual([{ id: 'poison', reason: expect.any(String) }]);
      expect(await found(store, 'needle')).toEqual(['a', 'b']);
    });

    it('writes concurrent requests together, and tells each caller about its own documents', async () => {
      const requests: string[] = [];
      const { store } = await openBehind((request, forward) => {
        requests.push(request.path);
        return forward();
      });
      const other = { workspaceId: 'wsp_one', userId: 'usr_ben' };
      const poison = aRow('poison', { model: 'x'.repeat(40_000) });
      const refused = await Promise.all([
        store.index(OWNER, [aRow('a')]),
        store.index(other, [aRow('b')]),
        store.index(OWNER, []),
        store.index(OWNER, [aRow('c'), poison]),
      ]);
      expect(refused.map((documents) => documents.map(({ id }) => id))).toEqual([[], [], [], ['poison']]);
      expect(requests).toHaveLength(1);
      expect(await found(store, 'needle')).toEqual(['a', 'c']);
      expect([...(await store.indexed(other, ['a', 'b'])).keys()]).toEqual(['b']);
    });

    it('reports that an older version created its index, and still does when its position moves', async () => {
      const { store, name } = await open();
      const client = elasticsearchClient({ url });
      const index = `${name}-000001`;
      await store.index(OWNER, [aRow('m')]);
      expect((await store.describe()).problems).toBeUndefined();
      await store.setPosition({ sequence: 7 }, undefined);
      const meta = async () => Object.values(await client.indices.getMapping({ index }))[0]!.mappings._meta;
      expect(await meta()).toEqual({ analysis: 2, spread: 'workspace', position: { sequence: 7 } });

      // As it was before it was recorded.
      await client.indices.putMapping({ index, _meta: { position: { sequence: 7 } } });
      const older = await openElasticsearchSearch({ url, name, generation: 1 });
      expect((await older.describe()).problems).toEqual([expect.stringContaining('rebuild search')]);
      expect(await older.position()).toEqual({ sequence: 7 });
      expect(await found(older, 'needle')).toEqual(['m']);
      await older.close();
      await client.close();
    });

    it('finds shared sessions in an index of an earlier version, which has the rows of each owner in another shard', async () => {
      const name = `test-${randomUUID()}`;
      const client = elasticsearchClient({ url });
      const { properties, ...mapping } = indexMapping({ stemming: false });
      const { workspace: _workspace, visibility: _visibility, ...former } = properties!;
      const mappings = { ...mapping, properties: former, _meta: { analysis: 2 } };
      await client.indices.create({ index: `${name}-000001`, mappings, settings: { number_of_shards: 3 } });
      const owners = Array.from({ length: 6 }, (_, n) => ({ ...OWNER, userId: `usr_${n}` }));
      for (const owner of owners) {
        const ids = { _id: `${ownerKey(owner)}/of_${owner.userId}`, routing: ownerKey(owner) };
        const { visibility: _, text, ...row } = aRow(`of_${owner.userId}`);
        const words = { title: '_', text, project: '_', parts: '_', tool: '_' };
        const { id: _id, version: _version, ...fields } = row;
        const body = { ...fields, owner: ownerKey(owner), headingVersion: 0, text, words };
        await client.index({
          index: `${name}-000001`,
          id: ids._id,
          routing: ids.routing,
          document: body,
          refresh: true,
        });
      }
      const store = await openElasticsearchSearch({ url, name, generation: 1 });
      opened.push({ name, store });
      const seen = async (reader: Reader) => {
        const hits = await store.search(reader, { parsed: parseQuery('needle'), filter: {}, limit: 100 });
        return hits.map(({ messageId }) => messageId).sort();
      };
      for (const owner of owners) {
        expect(await seen(owner)).toEqual([`of_${owner.userId}`]);
        expect(await seen(readerOf(owner))).toEqual([`of_${owner.userId}`]);
        const stored = await store.indexed(owner, [`of_${owner.userId}`]);
        expect(stored.get(`of_${owner.userId}`)).toMatchObject({ visibility: 'private' });
      }
      for (const owner of owners.slice(1)) {
        await store.index(owner, [aRow(`of_${owner.userId}`, { version: 2, visibility: 'workspace' })]);
      }
      expect(await seen(readerOf(owners[0]!))).toEqual(owners.map(({ userId }) => `of_${userId}`));
      expect(await store.counts(readerOf(owners[0]!), parseQuery('needle').all)).toEqual([6]);
      for (const owner of owners) expect(await store.remove(owner, [`ses_of_of_${owner.userId}`])).toBe(1);
      await client.close();
    });

    it('searches an index of another version as far as possible, and does nothing else with it', async () => {
      const name = `test-${randomUUID()}`;
      const client = elasticsearchClient({ url });
      const { properties, ...mapping } = indexMapping({ stemming: false });
      await client.indices.create({
        index: `${name}-000001`,
        // As if a column of the words were analysed otherwise.
        mappings: { ...mapping, properties: { ...properties, model: { type: 'text' } } },
      });
      await client.close();
      const store = await openElasticsearchSearch({ url, name, generation: 1 });
      opened.push({ name, store });
      for (const operation of [
        () => store.index(OWNER, [aRow('m')]),
        () => store.indexed(OWNER, ['m']),
        () => store.remove(OWNER, ['s']),
        () => store.describe(),
      ]) {
        await expect(operation()).rejects.toBeInstanceOf(UnusableStoreError);
        await expect(operation()).rejects.toThrow(/another version created .* opensync rebuild search/);
      }
      expect(await found(store, 'needle')).toEqual([]);
    });

    it('is searched if possible, and otherwise unavailable, if it was created in a different way', async () => {
      const name = `test-${randomUUID()}`;
      const client = elasticsearchClient({ url });
      await client.indices.create({
        index: `${name}-000001`,
        mappings: { properties: { sessionId: { type: 'text' } } },
      });
      await client.close();
      const store = await openElasticsearchSearch({ url, name, generation: 1 });
      opened.push({ name, store });
      await expect(found(store, 'needle')).rejects.toBeInstanceOf(UnusableStoreError);
    });

    it('never recreates an index by writing to it after it was deleted', async () => {
      const { name, store } = await open();
      await store.index(OWNER, [aRow('m')]);
      await removeIndexes(url, name);
      for (const operation of [
        () => store.index(OWNER, [aRow('m')]),
        () => store.indexed(OWNER, ['m']),
        () => found(store, 'needle'),
        () => store.remove(OWNER, ['ses_of_m']),
        () => store.describe(),
      ]) {
        await expect(operation()).rejects.toBeInstanceOf(StoreUnavailableError);
        await expect(operation()).rejects.toThrow(/index is missing.* opensync rebuild search/);
      }
      const again = await openElasticsearchSearch({ url, name, generation: 1 });
      await again.index(OWNER, [aRow('n')]);
      expect(await found(store, 'needle')).toEqual(['n']);
      await again.close();
    });

    it('ranks by stems too if its index has them', async () => {
      const name = `test-${randomUUID()}`;
      const client = elasticsearchClient({ url });
      // Replaces the stemmer, which not every distribution has, by one that leaves words unchanged.
      const analyzer = { [STEM_ANALYZER]: { type: 'custom' as const, tokenizer: 'standard', filter: ['lowercase'] } };
      await client.indices.create({
        index: `${name}-000001`,
        mappings: indexMapping({ stemming: true }),
        settings: { analysis: { analyzer } },
      });
      await client.close();
      const store = await openElasticsearchSearch({ url, name, generation: 1 });
      opened.push({ name, store });
      await store.index(OWNER, [aRow('a', { text: 'a needle' }), aRow('b', { text: 'hay' })]);
      expect(await found(store, 'needle')).toEqual(['a']);
      expect((await store.describe()).engine).toMatch(/^Elasticsearch \S+ \((green|yellow), with stemming\)$/);
    });

    it('is opened by several at once', async () => {
      const name = `test-${randomUUID()}`;
      const stores = await Promise.all([1, 2, 3].map(() => openElasticsearchSearch({ url, name, generation: 1 })));
      await stores[0]!.index(OWNER, [aRow('m')]);
      expect(await Promise.all(stores.map((store) => found(store, 'needle')))).toEqual([['m'], ['m'], ['m']]);
      for (const store of stores) await store.close();
      await removeIndexes(url, name);
    });

    it('keeps generations apart, and shows which one is in use', async () => {
      const { name, store } = await open();
      await store.index(OWNER, [aRow('old')]);
      const next = await openElasticsearchSearch({ url, name, generation: 2 });
      await next.index(OWNER, [aRow('new')]);
      expect([await found(store, 'needle'), await found(next, 'needle')]).toEqual([['old'], ['new']]);

      const client = elasticsearchClient({ url });
      const inUse = async () => Object.keys(await client.indices.getAlias({ name }));
      await useElasticsearchGeneration({ url, name, generation: 1 });
      expect(await inUse()).toEqual([`${name}-000001`]);
      await useElasticsearchGeneration({ url, name, generation: 2 });
      expect(await inUse()).toEqual([`${name}-000002`]);
      await dropElasticsearchGeneration({ url, name, generation: 1 });
      await dropElasticsearchGeneration({ url, name, generation: 1 });
      expect(Object.keys(await client.indices.get({ index: `${name}-*` }))).toEqual([`${name}-000002`]);
      expect(await found(next, 'needle')).toEqual(['new']);
      await next.close();
      await client.close();
    });
  });

  describe('Elasticsearch in trouble', () => {
    const isBulk = ({ path }: { path: string }) => path.includes('/_bulk');
    const failure = (status: number, type: string): Reply => ({
      status,
      body: JSON.stringify({ error: { type, reason: type }, status }),
    });

    it('resends only what the server had no room for', async () => {
      const sizes: number[] = [];
      const { store } = await openBehind(async (request, forward) => {
        if (!isBulk(request)) return forward();
        const lines = request.body.trimEnd().split('\n');
        const items = Array.from({ length: lines.length / 2 }, (_, n) => lines.slice(2 * n, 2 * n + 2));
        sizes.push(items.length);
        if (items.length === 1) return forward();
        const taken = items.filter((_, n) => n % 2 === 0);
        const { items: answers } = JSON.parse((await forward(`${taken.flat().join('\n')}\n`)).body) as {
          items: unknown[];
        };
        const busy = { index: { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'full' } } };
        return {
          status: 200,
          body: JSON.stringify({ items: items.map((_, n) => (n % 2 === 0 ? answers[n / 2] : busy)) }),
        };
      });
      await store.index(
        OWNER,
        Array.from({ length: 8 }, (_, n) => aRow(`m${n}`)),
      );
      expect(sizes).toEqual([8, 4, 2, 1]);
      expect(await found(store, 'needle')).toHaveLength(8);
    });

    it.each<[what: string, toxic: Reply | 'reset']>([
      ['503', failure(503, 'unavailable_shards_exception')],
      ['429', failure(429, 'circuit_breaking_exception')],
      ['a reset connection', 'reset'],
      ['an answer that is none', { status: 200, body: '{"items":' }],
      ['a missing index', failure(404, 'index_not_found_exception')],
    ])('is unavailable for every operation: %s', async (_, reply) => {
      const { store } = await openBehind(async () => reply);
      const unavailable = (operation: Promise<unknown>) =>
        expect(operation).rejects.toBeInstanceOf(StoreUnavailableError);
      await unavailable(store.index(OWNER, [aRow('m')]));
      await unavailable(store.indexed(OWNER, ['m']));
      await unavailable(found(store, 'needle'));
      await unavailable(store.remove(OWNER, ['s']));
      await unavailable(store.describe());
    });

    it('loses and doubles nothing when the connection breaks after the write', async () => {
      let broken = 0;
      const { store } = await openBehind(async (request, forward) => {
        const reply = await forward();
        return isBulk(request) && broken++ === 0 ? 'reset' : reply;
      });
      await store.index(OWNER, [aRow('a'), aRow('b')]);
      expect([broken, await found(store, 'needle')]).toEqual([2, ['a', 'b']]);
    });

    it('splits large requests, and reports a row that is too large', async () => {
      const { store } = await openBehind(async (request, forward) =>
        request.body.length > 20_000 ? { status: 413, body: '' } : forward(),
      );
      const rows = Array.from({ length: 40 }, (_, n) => aRow(`m${n}`, { text: 'needle '.repeat(150) }));
      await store.index(OWNER, rows);
      expect(await found(store, 'needle')).toHaveLength(40);
      const refused = await store.index(OWNER, [aRow('whole', { text: 'x'.repeat(30_000) })]);
      expect(refused).toEqual([{ id: 'whole', reason: expect.stringContaining('larger than the server takes') }]);
    });
  });
});
