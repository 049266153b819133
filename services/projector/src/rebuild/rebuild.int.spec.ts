import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ownerKey, sessionIdOf, type NewEvent, type Owner } from '@opensync/contracts';
import {
  BatchConsumer,
  connectLog,
  CONSUMER,
  EventPublisher,
  Generations,
  ownersInLog,
  PayloadStore,
  ProjectionProgress,
  publishChanges,
  RebuildLog,
  reconcileTopology,
  replay,
  streamEnds,
} from '@opensync/event-log';
import { createLogger, loadSettings, type Settings } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import {
  dropGeneration,
  openGeneration,
  openSqliteDocuments,
  openSqliteSearch,
  openStores,
  parseQuery,
  type DocumentStore,
  type Stores,
} from '@opensync/stores';
import {
  aMessageSynced,
  anOwner,
  aPartSynced,
  aSessionSynced,
  describeWith,
  startTestNats,
  temporaryFolder,
  waitFor,
  type TemporaryFolder,
  type TestNats,
} from '@opensync/testkit';
import type { NatsConnection } from '@nats-io/transport-node';
import { DocumentsProjection } from '../documents/documents-projection.ts';
import { indexChanges } from '../indexing/changed-documents.ts';
import { searchIndex } from '../indexing/search-index.ts';
import { vectorIndex } from '../indexing/vector-index.ts';
import { documentContents, indexContents, type Contents } from './contents.ts';
import { dropKept, rebuild, type RebuildOptions, type RebuildResources } from './rebuild.ts';

const DIMENSIONS = 512;
/** Each test builds stores several times over, with a sync for every commit. */
const LIMIT_MS = 180_000;
const owners = ['ada', 'bob', 'cyn'].map((name) => anOwner(`${name}@example.com`));

/** Where the stores are; nothing: embedded. */
let servers: Readonly<Record<string, string>> = {};
let folder: TemporaryFolder;
let server: TestNats;
let nc: NatsConnection;
let settings: Settings;
let disposal: Disposal;
let publisher: EventPublisher;
let stores: Stores;
let resources: RebuildResources;
/** How often each text was embedded. */
let embedded: Map<string, number>;

async function embed(texts: readonly string[]): Promise<Float32Array[]> {
  return texts.map((text) => {
    embedded.set(text, (embedded.get(text) ?? 0) + 1);
    // Far from every other text, in every dimension: the store looks at the signs first.
    const signs = createHash('shake256', { outputLength: DIMENSIONS }).update(text).digest();
    return Float32Array.from(signs, (byte) => (byte < 128 ? -1 : 1) / Math.sqrt(DIMENSIONS));
  });
}

/** A projector as it runs in production, but for Nest. */
beforeEach(async () => {
  folder = await temporaryFolder();
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  settings = loadSettings({ OPENSYNC_DATA_DIR: folder.path, ...servers });
  disposal = new Disposal(({ step, err }) => {
    throw new Error(`not closed: ${step}`, { cause: err });
  });
  embedded = new Map();
  const logger = createLogger('silent', 'test');
  const generations = await Generations.open(nc);
  disposal.defer('generations', () => generations.close());
  stores = await openStores(settings, ['documents', 'search', 'vectors'], { logger, disposal, generations });
  publisher = new EventPublisher(nc, { source: 'test', mode: 'group' });
  disposal.defer('publisher', () => publisher.close());
  const payloads = new PayloadStore(nc);
  const projection = new DocumentsProjection({
    documents: stores.documents,
    publishChanges: (owner, changes) => publishChanges(nc, owner, changes),
  });
  const search = searchIndex(stores.search, payloads);
  const vectors = vectorIndex({ vectors: stores.vectors, payloads, embed });
  for (const consumer of [
    new BatchConsumer(nc, { consumer: CONSUMER.documents, handler: (batch) => projection.apply(batch) }),
    new BatchConsumer(nc, {
      consumer: CONSUMER.search,
      handler: (batch) => indexChanges(batch, stores.documents, search),
    }),
    new BatchConsumer(nc, {
      consumer: CONSUMER.vectors,
      handler: (batch) => indexChanges(batch, stores.documents, vectors),
    }),
  ]) {
    disposal.defer('consumer', () => consumer.stop());
  }
  resources = {
    nc,
    open: (name, generation) => openGeneration(settings, name, generation),
    drop: (name, generation) => dropGeneration(settings, name, generation),
    embed,
  };
});
afterEach(async () => {
  await disposal.run(10_000);
  await nc.close();
  await server.stop();
  await folder.remove();
});

/** The nth of a stream of events in which sessions and messages change again and again. */
function events(n: number): NewEvent[] {
  const owner = owners[n % owners.length]!;
  const session = `session-${n % 23}`;
  const sessionId = sessionIdOf(owner, session);
  const message = aMessageSynced(
    {
      externalId: `message-${n % 211}`,
      sessionExternalId: session,
      role: n % 2 === 0 ? 'user' : 'assistant',
      textContent: `words of ${n % 300}`,
      promptTokens: n % 17,
      cost: (n % 13) / 10,
      ...(n % 5 === 0 && { partCount: 1 }),
    },
    { owner },
  );
  return [
    // Rarely: each new title has all rows of its session written again.
    ...(n % 40 === 0 ? [aSessionSynced({ externalId: session, title: `title ${n % 97}` }, { owner })] : []),
    message,
    ...(n % 5 === 0
      ? [aPartSynced({ messageId: message.data.messageId, sessionId, content: `part of ${n}` }, { owner })]
      : []),
  ];
}

async function publish(from: number, count: number): Promise<void> {
  await publisher.publish(Array.from({ length: count }, (_, at) => events(from + at)).flat());
}

/** Publishes and reads until told to stop; resolves with how much, and rejects where either ever failed. */
function traffic(from: number, pauseMs = 20) {
  let stopped = false;
  const running = (async () => {
    let n = from;
    while (!stopped) {
      await publish(n, 10);
      n += 10;
      await stores.documents.sessions(owners[0]!, { limit: 5, sort: 'updatedAt', order: 'desc' });
      await stores.search.search(owners[0]!, { parsed: parseQuery('words'), filter: {}, limit: 5 });
      // As fast as one client that reads in between; the projections keep up with it.
      await delay(pauseMs);
    }
    return n - from;
  })();
  running.catch(() => undefined);
  return async () => {
    stopped = true;
    return running;
  };
}

/** Waits until everything that is on the log is in every store. */
async function atRest(): Promise<void> {
  const progress = new ProjectionProgress(nc);
  const { last } = await streamEnds(nc);
  await waitFor(async () => (await progress.applied(CONSUMER.documents)) >= last, { timeoutMs: 60_000 });
  const changes = (await streamEnds(nc, 'CHANGES')).last;
  for (const consumer of [CONSUMER.search, CONSUMER.vectors]) {
    await waitFor(async () => (await progress.applied(consumer)) >= changes, { timeoutMs: 60_000 });
  }
}

/** One digest of all that a generation says. */
async function digestOf(contents: Contents, of: readonly Owner[]): Promise<string> {
  const all: string[] = [];
  for (const owner of of) {
    for await (const page of contents.sessions(owner)) {
      for (const id of page) {
        for (const [name, entry] of await contents.entries(owner, id)) {
          all.push(`${ownerKey(owner)} ${id} ${name} ${entry.version} ${entry.digest}`);
        }
      }
    }
  }
  expect(all.length).toBeGreaterThan(0);
  return createHash('sha256').update(all.sort().join('\n')).digest('hex');
}

/** The digest of all documents that a replay of the log into an empty store gives. */
async function digestOfFreshReplay(): Promise<string> {
  const fresh = await openSqliteDocuments(join(folder.path, 'fresh.db'));
  const projection = new DocumentsProjection({ documents: fresh, publishChanges: async () => undefined });
  for await (const batch of replay(nc, { from: 1, to: Infinity })) await projection.apply(batch);
  const digest = await digestOf(documentContents(fresh), await ownersInLog(nc));
  await fresh.close();
  return digest;
}

const digestOfDocuments = async (documents: DocumentStore) =>
  digestOf(documentContents(documents), await ownersInLog(nc));
const phases = (seen: string[]): RebuildOptions => ({
  onProgress: ({ phase, done, total }) => {
    expect(done).toBeLessThanOrEqual(total);
    if (seen.at(-1) !== phase) seen.push(phase);
  },
});

describe('rebuild of the documents', () => {
  it(
    'gives the digest of a fresh replay while events come in, and everybody uses it from then on',
    async () => {
      await publish(0, 1500);
      await atRest();
      const stop = traffic(1500);
      const seen: string[] = [];
      const report = await rebuild('documents', resources, phases(seen));
      const meanwhile = await stop();
      expect(meanwhile).toBeGreaterThan(0);
      expect(report).toMatchObject({
        store: 'documents',
        generation: 2,
        before: 1,
        different: [],
        differentMore: false,
        skipped: 0,
        switchedEverywhere: true,
        kept: [1],
      });
      expect(report.counts.now.messages).toBeGreaterThanOrEqual(report.counts.before.messages!);
      expect(seen).toEqual(expect.arrayContaining(['replaying', 'comparing']));
      await atRest();
      expect((await stores.documents.describe()).location).toMatch(/documents-2\.db$/);
      expect(await digestOfDocuments(stores.documents)).toBe(await digestOfFreshReplay());

      // What comes after the switch goes to the new one alone.
      await publish(9000, 100);
      await atRest();
      expect(await digestOfDocuments(stores.documents)).toBe(await digestOfFreshReplay());
      expect(await dropKept('documents', resources)).toEqual([1]);
      expect(await (await RebuildLog.open(nc, 'documents')).generations()).toEqual({ live: 2, kept: [] });
    },
    LIMIT_MS,
  );

  it(
    'repairs what the live generation lost or has wrong, and says which sessions that were',
    async () => {
      await publish(0, 200);
      await atRest();
      const [session] = await stores.documents.sessions(owners[0]!, { limit: 1, sort: 'createdAt', order: 'asc' });
      const loaded = (await stores.documents.load(owners[0]!, { sessions: [session!.id] })).sessions.get(session!.id)!;
      const wrong = { ...loaded, fields: { ...loaded.fields, title: 'wrong' } };
      expect(await stores.documents.save({ sessions: [wrong], messages: [], parts: [] })).toEqual([]);
      const report = await rebuild('documents', resources, { dropOld: true });
      expect(report).toMatchObject({ different: [{ owner: owners[0], sessionId: session!.id }], kept: [] });
      expect(await digestOfDocuments(stores.documents)).toBe(await digestOfFreshReplay());
    },
    LIMIT_MS,
  );

  it(
    'does not put to use what is less than there was, unless told to',
    async () => {
      await publish(0, 50);
      await atRest();
      const before = await digestOfDocuments(stores.documents);
      const [session] = await stores.documents.sessions(owners[0]!, { limit: 1, sort: 'createdAt', order: 'asc' });
      const extra = { ...session!, id: 'ses_not_in_the_log', externalId: 'not in the log', revision: 0 };
      await stores.documents.save({ sessions: [extra], messages: [], parts: [] });
      await expect(rebuild('documents', resources)).rejects.toMatchObject({
        name: 'RebuildRefusedError',
        message: expect.stringMatching(/^generation 2 has \d+ sessions instead of \d+,.*--force/),
      });
      expect((await stores.documents.describe()).location).toMatch(/documents\.db$/);
      expect(await rebuild('documents', resources, { force: true })).toMatchObject({ generation: 2 });
      expect(await digestOfDocuments(stores.documents)).toBe(before);
    },
    LIMIT_MS,
  );

  it(
    'goes on where it was interrupted, and begins anew when told to',
    async () => {
      await publish(0, 2600);
      await atRest();
      const interrupt = (after: number): RebuildOptions => ({
        onProgress: ({ done }) => {
          if (done >= after) throw new Error('interrupted');
        },
      });
      await expect(rebuild('documents', resources, interrupt(2000))).rejects.toThrow('interrupted');
      const seen: number[] = [];
      const note: RebuildOptions = {
        onProgress: ({ phase, done }) => {
          if (phase === 'replaying') seen.push(done);
        },
      };
      expect(await rebuild('documents', resources, note)).toMatchObject({ generation: 2, different: [] });
      expect(Math.min(...seen)).toBeGreaterThan(2000);
      expect(await digestOfDocuments(stores.documents)).toBe(await digestOfFreshReplay());

      await expect(rebuild('documents', resources, interrupt(2000))).rejects.toThrow('interrupted');
      seen.length = 0;
      expect(await rebuild('documents', resources, { ...note, restart: true })).toMatchObject({
        generation: 3,
        kept: [1, 2],
      });
      expect(Math.min(...seen)).toBeLessThanOrEqual(2000);
    },
    LIMIT_MS,
  );

  it(
    'refuses to run twice at the same time',
    async () => {
      await publish(0, 1500);
      await atRest();
      let second: Promise<unknown> | undefined;
      const first = rebuild('documents', resources, {
        onProgress: () => void (second ??= rebuild('documents', resources)),
      });
      const outcomes = await Promise.allSettled([first, first.catch(() => undefined).then(() => second)]);
      const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(failed.map(({ reason }) => reason.name)).toEqual(['RebuildConflictError']);
      await atRest();
      expect(await digestOfDocuments(stores.documents)).toBe(await digestOfFreshReplay());
    },
    LIMIT_MS,
  );
});

describe('rebuild of the search index', () => {
  it(
    'has what the documents say while they change, and everybody uses it from then on',
    async () => {
      await publish(0, 300);
      await atRest();
      const stop = traffic(300);
      const seen: string[] = [];
      const report = await rebuild('search', resources, phases(seen));
      expect(await stop()).toBeGreaterThan(0);
      expect(report).toMatchObject({
        store: 'search',
        generation: 2,
        different: [],
        skipped: 0,
        switchedEverywhere: true,
      });
      expect(seen).toEqual(['indexing', 'comparing']);
      await atRest();
      const fresh = await openSqliteSearch(join(folder.path, 'fresh-search.db'));
      const index = searchIndex(fresh, new PayloadStore(nc));
      const batch = [];
      for (const owner of owners) {
        for (const { id } of await stores.documents.sessions(owner, { limit: 200, sort: 'createdAt', order: 'asc' })) {
          const messages = await stores.documents.messages(owner, id, { limit: 10_000 });
          const body = JSON.stringify({ sessions: [id], messages: messages.map(({ message }) => message.id) });
          const subject = `osk.changes.${ownerKey(owner)}`;
          batch.push({ subject, sequence: 1, attempts: 1, header: () => undefined, body: () => body });
        }
      }
      await indexChanges(batch, stores.documents, index);
      const of = (search: Stores['search']) => digestOf(indexContents(search, stores.documents), owners);
      expect(await of(stores.search)).toBe(await of(fresh));
      expect((await stores.search.describe()).location).toMatch(/search-2\.db$/);
      expect((await stores.search.describe()).counts).toEqual((await fresh.describe()).counts);
      await fresh.close();
      await expectNoTail('search');
    },
    LIMIT_MS,
  );

  it(
    'goes on where it was interrupted',
    async () => {
      await publish(0, 300);
      await atRest();
      const interrupt: RebuildOptions = {
        onProgress: ({ done }) => {
          if (done >= 40) throw new Error('interrupted');
        },
      };
      await expect(rebuild('search', resources, interrupt)).rejects.toThrow('interrupted');
      // Changes that come while nobody rebuilds are kept for the next run.
      await publish(5000, 40);
      await atRest();
      const seen: number[] = [];
      const report = await rebuild('search', resources, {
        onProgress: ({ phase, done }) => {
          if (phase === 'indexing') seen.push(done);
        },
      });
      expect(report).toMatchObject({ generation: 2, different: [] });
      expect(Math.min(...seen)).toBeGreaterThan(20);
      await expectNoTail('search');
    },
    LIMIT_MS,
  );
});

describe('rebuild of the vectors', () => {
  it(
    'copies what was embedded before, while texts change, and embeds nothing twice',
    async () => {
      await publish(0, 200);
      await atRest();
      const stop = traffic(200);
      const report = await rebuild('vectors', resources);
      expect(await stop()).toBeGreaterThan(0);
      expect(report).toMatchObject({ generation: 2, different: [], skipped: 0, switchedEverywhere: true });
      await atRest();
      const [vector] = await embed(['anything']);
      const nearest = async () =>
        (await stores.vectors.search(owners[0]!, { vector: vector!, filter: {}, limit: 100 }))
          .map(({ sessionId, score }) => `${sessionId} ${score.toFixed(5)}`)
          .sort();
      const hits = await nearest();
      expect(hits.length).toBeGreaterThan(5);
      embedded.clear();
      const again = await rebuild('vectors', resources, { dropOld: true });
      expect(again).toMatchObject({ generation: 3, different: [], kept: [] });
      expect(again.counts.now).toEqual(again.counts.before);
      expect([...embedded.keys()]).toEqual([]);
      expect(await nearest()).toEqual(hits);
      await expectNoTail('vectors');
    },
    LIMIT_MS,
  );

  it(
    'embeds all again where there is nothing to copy',
    async () => {
      await publish(0, 60);
      await atRest();
      const texts = embedded.size;
      embedded.clear();
      await rebuild('vectors', { ...resources, open: openWithoutVectors });
      expect(embedded.size).toBe(texts);
    },
    LIMIT_MS,
  );
});

await describeWith(['mongodb', 'elasticsearch', 'qdrant'], 'rebuild on servers', (urls) => {
  const names = ['documents', 'search', 'vectors'] as const;
  beforeAll(() => {
    const own = `opensync_rebuild_${process.pid}`;
    const mongodb = new URL(urls.mongodb);
    mongodb.pathname = `/${own}`;
    servers = {
      MONGODB_URL: mongodb.href,
      ELASTICSEARCH_URL: urls.elasticsearch,
      QDRANT_URL: urls.qdrant,
      OPENSYNC_STORE_PREFIX: own.replaceAll('_', '-'),
    };
  });
  afterEach(async () => {
    // The live ones too, which an adapter does not remove.
    const prefix = settings.OPENSYNC_STORE_PREFIX;
    for (const generation of [1, 2]) {
      await dropGeneration(settings, 'documents', generation);
      await fetch(`${urls.elasticsearch}/${prefix}-search-00000${generation}`, { method: 'DELETE' });
    }
    const { result } = (await (await fetch(`${urls.qdrant}/collections`)).json()) as {
      result: { collections: { name: string }[] };
    };
    for (const { name } of result.collections) {
      if (name.startsWith(prefix)) await fetch(`${urls.qdrant}/collections/${name}`, { method: 'DELETE' });
    }
  });
  afterAll(() => {
    servers = {};
  });

  it(
    'makes MongoDB, Elasticsearch and Qdrant anew while events come in, with the digest of a fresh replay',
    async () => {
      await publish(0, 30);
      await atRest();
      // No faster than the slowest of them is, which may be a stand-in.
      const stop = traffic(30, 2000);
      for (const name of names) {
        const report = await rebuild(name, resources);
        expect(report).toMatchObject({ generation: 2, different: [], skipped: 0, switchedEverywhere: true, kept: [1] });
      }
      expect(await stop()).toBeGreaterThan(0);
      await atRest();
      const { engine, counts } = await stores.documents.describe();
      expect(engine).not.toMatch(/SQLite/);
      expect(counts.messages).toBeGreaterThan(0);
      expect(await digestOfDocuments(stores.documents)).toBe(await digestOfFreshReplay());
      for (const name of names) expect(await dropKept(name, resources)).toEqual([1]);
      const [hit] = await stores.search.search(owners[0]!, { parsed: parseQuery('words'), filter: {}, limit: 1 });
      expect(hit).toBeDefined();
    },
    LIMIT_MS,
  );
});

/** The live vectors are those of another model, say: a file of their own that is empty. */
const openWithoutVectors: RebuildResources['open'] = (name, generation) => {
  const elsewhere = { ...settings, OPENSYNC_DATA_DIR: join(folder.path, 'elsewhere') };
  return openGeneration(name === 'vectors' && generation === 1 ? elsewhere : settings, name, generation);
};

/** CHANGES must not keep messages for a rebuild that is over. */
async function expectNoTail(name: string): Promise<void> {
  const { jetstreamManager } = await import('@nats-io/jetstream');
  const consumers = await (await jetstreamManager(nc)).consumers.list('CHANGES').next();
  expect(consumers.map((consumer) => consumer.name).sort()).toEqual(['search', 'vectors']);
  expect(consumers.find((consumer) => consumer.name === name)?.paused ?? false).toBe(false);
}
