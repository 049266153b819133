import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ownerKey, sessionIdOf, type NewEvent, type Owner } from '@opensync/contracts';
import {
  BatchConsumer,
  connectLog,
  CONSUMER,
  EventPublisher,
  historyOf,
  ownersInLog,
  ProjectionProgress,
  publishChanges,
  reconcileTopology,
  replay,
  streamEnds,
  Topology,
  type LogConnection,
} from '@opensync/event-log';
import { PayloadStore } from '@opensync/event-log/payloads';
import { createLogger, loadSettings, type Settings } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import {
  dropGeneration,
  Generations,
  onLiveGenerations,
  openGeneration,
  openSqliteDocuments,
  openStores,
  parseQuery,
  type Stores,
} from '@opensync/stores';
import {
  aMessageSynced,
  anOwner,
  aPartSynced,
  aSessionSynced,
  startTestNats,
  temporaryFolder,
  waitFor,
} from '@opensync/testkit';
import { DocumentsProjection } from '../documents/documents-projection.ts';
import { indexChanges } from '../indexing/changed-documents.ts';
import { EmbeddingTurns } from '../indexing/embedding-turns.ts';
import { searchIndex } from '../indexing/search-index.ts';
import { vectorIndex } from '../indexing/vector-index.ts';
import { documentContents, type Contents } from '../rebuild/contents.ts';
import type { RebuildResources } from '../rebuild/rebuild.ts';
import { fakeEmbedder } from './fake-embedder.ts';

/** A rebuild's test builds stores several times over, with a sync for every commit. */
export const LIMIT_MS = 180_000;
export const owners = ['ada', 'bob', 'cyn'].map((name) => anOwner(`${name}@example.com`));

/** A projector as it runs in production, but for Nest; with all that a rebuild beside it needs. */
export interface RunningProjections {
  readonly nc: LogConnection;
  readonly natsUrl: string;
  readonly settings: Settings;
  /** Of this test alone. */
  readonly folder: string;
  readonly stores: Stores;
  readonly resources: RebuildResources;
  /** How often each text was embedded. */
  readonly embedded: Map<string, number>;
  /** Publishes `count` steps of a history in which sessions and messages change again and again. */
  publish(from: number, count: number): Promise<void>;
  /** Publishes and reads until told to stop; resolves with how much, and rejects where either ever failed. */
  traffic(from: number, pauseMs?: number): () => Promise<number>;
  /** Waits until everything that is on the log is in every store. */
  atRest(): Promise<void>;
  /** The digest of all live documents, and the one that a replay of the log into an empty store gives. */
  digestOfDocuments(): Promise<string>;
  digestOfFreshReplay(): Promise<string>;
  close(): Promise<void>;
}

/**
 * @param servers the settings that say where the stores are; nothing: embedded
 * @param prepare puts something into the data folder before the stores are opened
 */
export async function startProjections(
  servers: Readonly<Record<string, string>> = {},
  prepare?: (folder: string) => void,
): Promise<RunningProjections> {
  const folder = await temporaryFolder();
  prepare?.(folder.path);
  const server = await startTestNats();
  const nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  const settings = loadSettings({ OPENSYNC_DATA_DIR: folder.path, ...servers });
  const disposal = new Disposal(({ step, err }) => {
    throw new Error(`not closed: ${step}`, { cause: err });
  });
  const logger = createLogger('silent', 'test');
  const topology = new Topology(nc, { replicas: 1 }, logger);
  nc.topology = topology;
  disposal.defer('topology', () => topology.close());
  const generations = await Generations.open(nc);
  disposal.defer('generations', () => generations.close());
  const stores = await openStores(settings, ['documents', 'search', 'vectors'], { logger, disposal, generations });
  const publisher = new EventPublisher(nc, { source: 'test', mode: 'group' });
  disposal.defer('publisher', () => publisher.close());
  const { embed, embedded } = fakeEmbedder();
  const payloads = new PayloadStore(nc);
  const projection = new DocumentsProjection({
    documents: stores.documents,
    publishChanges: (owner, changes) => publishChanges(nc, owner, changes),
    history: (owner, after) => historyOf(nc, owner, after),
  });
  const search = searchIndex(stores.search, payloads);
  const turns = new EmbeddingTurns({
    documents: stores.documents,
    index: vectorIndex({ vectors: stores.vectors, payloads, embed }),
    turnMs: 20,
  });
  for (const consumer of [
    new BatchConsumer(nc, {
      consumer: CONSUMER.documents,
      handler: onLiveGenerations(generations, ['documents'], (batch) => projection.apply(batch)),
    }),
    new BatchConsumer(nc, {
      consumer: CONSUMER.search,
      handler: onLiveGenerations(generations, ['documents', 'search'], (batch) =>
        indexChanges(batch, stores.documents, search),
      ),
    }),
    new BatchConsumer(nc, {
      consumer: CONSUMER.vectors,
      maxBatch: 16,
      maxInHand: 100,
      handler: onLiveGenerations(generations, ['documents', 'vectors'], (batch, { onProgress }) =>
        turns.take(batch, onProgress),
      ),
    }),
  ]) {
    disposal.defer('consumer', () => consumer.stop());
  }

  const publish = async (from: number, count: number) => {
    await publisher.publish(Array.from({ length: count }, (_, at) => stepOfHistory(from + at)).flat());
  };
  return {
    nc,
    natsUrl: server.url,
    settings,
    folder: folder.path,
    stores,
    resources: {
      nc,
      open: (name, generation) => openGeneration(settings, name, generation),
      drop: (name, generation) => dropGeneration(settings, name, generation),
      embed,
      confirmModel: async () => undefined,
    },
    embedded,
    publish,
    traffic(from, pauseMs = 20) {
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
    },
    async atRest() {
      const progress = new ProjectionProgress(nc);
      const { last } = await streamEnds(nc);
      await waitFor(async () => (await progress.applied(CONSUMER.documents)) >= last, { timeoutMs: 60_000 });
      const changes = (await streamEnds(nc, 'CHANGES')).last;
      for (const consumer of [CONSUMER.search, CONSUMER.vectors]) {
        await waitFor(async () => (await progress.applied(consumer)) >= changes, { timeoutMs: 60_000 });
      }
    },
    digestOfDocuments: async () => digestOf(documentContents(stores.documents), await ownersInLog(nc)),
    async digestOfFreshReplay() {
      const fresh = await openSqliteDocuments(join(folder.path, 'fresh.db'));
      const folding = new DocumentsProjection({
        documents: fresh,
        publishChanges: async () => undefined,
        history: (owner, after) => historyOf(nc, owner, after),
      });
      for await (const batch of replay(nc, { from: 1, to: Infinity })) await folding.apply(batch);
      const digest = await digestOf(documentContents(fresh), await ownersInLog(nc));
      await fresh.close();
      return digest;
    },
    async close() {
      await disposal.run(10_000);
      await nc.close();
      await server.stop();
      await folder.remove();
    },
  };
}

function stepOfHistory(n: number): NewEvent[] {
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

/** One digest of all that a generation says. */
export async function digestOf(contents: Contents, of: readonly Owner[]): Promise<string> {
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

/** CHANGES must not keep messages for a rebuild that is over. */
export async function expectNoTail(nc: LogConnection, name: string): Promise<void> {
  const { jetstreamManager } = await import('@nats-io/jetstream');
  const consumers = await (await jetstreamManager(nc)).consumers.list('CHANGES').next();
  expect(consumers.map((consumer) => consumer.name).sort()).toEqual(['search', 'vectors']);
  expect(consumers.find((consumer) => consumer.name === name)?.paused ?? false).toBe(false);
}
