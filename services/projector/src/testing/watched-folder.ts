import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { changeSubject, type NewEvent, type Owner, type Projection } from '@opensync/contracts';
import {
  BatchConsumer,
  CONSUMER,
  EventPublisher,
  historyOf,
  openLog,
  ownersInLog,
  ProjectionProgress,
  publishChanges,
  replay,
  streamEnds,
  type BatchHandler,
  type ConsumerRef,
  type Delivery,
  type LogConnection,
} from '@opensync/event-log';
import { PayloadStore } from '@opensync/event-log/payloads';
import { createLogger, loadSettings } from '@opensync/platform';
import { ensureNatsServer, startNatsServer } from '@opensync/nats-server';
import { Disposal } from '@opensync/platform/service';
import { Registry } from '@opensync/platform/telemetry';
import {
  dropGeneration,
  embeddedStores,
  Generations,
  onLiveGenerations,
  openGeneration,
  openSqliteDocuments,
  openSqliteSearch,
  openSqliteVectors,
  openStores,
  type Stores,
} from '@opensync/stores';
import { waitFor } from '@opensync/testkit';
import { DocumentsProjection } from '../documents/documents-projection.ts';
import { indexChanges } from '../indexing/changed-documents.ts';
import { announcements } from '../indexing/missed-changes.ts';
import { searchIndex } from '../indexing/search-index.ts';
import { vectorIndex } from '../indexing/vector-index.ts';
import { documentContents, indexContents } from '../rebuild/contents.ts';
import type { RebuildResources } from '../rebuild/rebuild.ts';
import { DocumentsKeeper } from '../recovery/documents-keeper.ts';
import { IndexKeeper } from '../recovery/index-keeper.ts';
import { StoreWatch } from '../recovery/store-watch.ts';
import { UnusableStores } from '../recovery/unusable-stores.ts';
import { raw } from './deliveries.ts';
import { withOwnVersions } from './replica.ts';
import { fakeEmbedder } from './fake-embedder.ts';
import { digestOf } from './running-projections.ts';

const NAMES = ['documents', 'search', 'vectors'] as const;
const PATIENCE = { timeoutMs: 60_000 };

/** A data folder with a log and stores, and a projector that runs on it and watches its stores. */
export interface WatchedFolder {
  readonly nc: LogConnection;
  readonly stores: Stores;
  readonly watch: StoreWatch;
  readonly generations: Generations;
  readonly resources: RebuildResources;
  readonly metrics: Registry;
  publish(events: readonly NewEvent[]): Promise<void>;
  /** Waits until every store is complete and has all that is on the log. */
  settled(): Promise<void>;
  /** What the live stores hold, as digests. */
  contents(): Promise<Record<string, string>>;
  /** What stores hold that are filled from this log alone. */
  expected(): Promise<Record<string, string>>;
  /** Stops in good order, or as after a kill: then nobody records how far the stores are. */
  close(end?: 'stop' | 'kill'): Promise<void>;
}

/** @param env the settings that say which stores are on servers */
export async function openWatchedFolder(folder: string, env: NodeJS.ProcessEnv = {}): Promise<WatchedFolder> {
  const settings = loadSettings({ OPENSYNC_DATA_DIR: folder, ...env });
  let isKilled = false;
  const disposal = new Disposal(({ step, err }) => {
    if (!isKilled) throw new Error(`not closed: ${step}`, { cause: err });
  });
  const server = await startNatsServer({
    bin: await ensureNatsServer({ bin: process.env.NATS_SERVER_BIN }),
    storeDir: join(folder, 'nats'),
    port: 0,
    sync: 'interval',
    token: 'secret',
    logFile: join(folder, 'nats-server.log'),
  });
  disposal.defer('nats-server', () => server.stop());
  const logger = createLogger('silent', 'test');
  const nc = await openLog({ url: server.url, token: 'secret' }, settings, { name: 'test', logger, disposal });
  const generations = await Generations.open(nc);
  disposal.defer('generations', () => generations.close());
  const unusable = new UnusableStores();
  const onUnusable = unusable.report;
  const stores = await openStores(settings, NAMES, { logger, disposal, generations, onUnusable });
  const { embed } = fakeEmbedder();
  const payloads = new PayloadStore(nc);
  const tell = (owner: Owner, changes: Parameters<typeof publishChanges>[2]) => publishChanges(nc, owner, changes);
  const folding = {
    documents: stores.documents,
    publishChanges: tell,
    history: (owner: Owner, after: number) => historyOf(nc, owner, after),
  };

  const examined = { nc, generations, unusable };
  const metrics = new Registry();
  const { documents } = stores;
  const index = { ...examined, documents, everyMs: 0, announceAll: announcements({ nc, documents }), logger };
  const watch = await StoreWatch.start({
    ...examined,
    keepers: [
      new DocumentsKeeper({ ...examined, logger }, folding),
      new IndexKeeper('search', CONSUMER.search, stores.search, index),
      new IndexKeeper('vectors', CONSUMER.vectors, stores.vectors, index),
    ],
    embedded: embeddedStores(settings, NAMES),
    drop: (name, generation) => dropGeneration(settings, name, generation),
    logger,
    metrics,
  });
  const projection = new DocumentsProjection(folding);
  const search = searchIndex(stores.search, payloads);
  const vectors = vectorIndex({ vectors: stores.vectors, payloads, embed });
  const consume = (consumer: ConsumerRef, of: readonly Projection[], handler: BatchHandler) =>
    new BatchConsumer(nc, {
      consumer,
      handler: onLiveGenerations(generations, of, (batch, context) => {
        watch.assertFollow(of);
        return handler(batch, context);
      }),
    });
  const consumers = [
    consume(CONSUMER.documents, ['documents'], (batch) => projection.apply(batch)),
    consume(CONSUMER.search, ['documents', 'search'], (batch) => indexChanges(batch, stores.documents, search)),
    consume(CONSUMER.vectors, ['documents', 'vectors'], (batch) => indexChanges(batch, stores.documents, vectors)),
  ];
  const publisher = new EventPublisher(nc, { source: 'test', mode: 'group' });

  const digests = async (of: Stores) => {
    const owners = await ownersInLog(nc);
    return {
      documents: await digestOf(documentContents(of.documents), owners),
      search: await digestOf(indexContents(withOwnVersions(of.search), of.documents), owners),
      vectors: await digestOf(indexContents(withOwnVersions(of.vectors), of.documents), owners),
      // Nothing may be left of what the documents do not have.
      counts: JSON.stringify(await Promise.all(NAMES.map(async (name) => (await of[name].describe()).counts))),
    };
  };
  return {
    nc,
    stores,
    watch,
    generations,
    metrics,
    resources: {
      nc,
      open: (name, generation) => openGeneration(settings, name, generation),
      drop: (name, generation) => dropGeneration(settings, name, generation),
      embed,
      confirmModel: async () => undefined,
    },
    async publish(events) {
      await publisher.publish([...events]);
    },
    async settled() {
      const progress = new ProjectionProgress(nc);
      await waitFor(async () => {
        watch.check();
        const { last } = await streamEnds(nc);
        const isComplete = Object.values(watch.details()).every((line) => line === undefined);
        const positions = await Promise.all(NAMES.map((name) => stores[name].position()));
        const areThere = positions.every((position) => (position?.sequence ?? -1) >= last || last === 0);
        return isComplete && areThere && (await progress.applied(CONSUMER.documents)) >= last;
      }, PATIENCE);
    },
    contents: () => digests(stores),
    async expected() {
      const fresh = {
        documents: await openSqliteDocuments(join(folder, 'expected-documents')),
        search: await openSqliteSearch(join(folder, 'expected-search')),
        vectors: await openSqliteVectors({ folder, model: 'expected', dimensions: 512 }),
      };
      const indexes = [searchIndex(fresh.search, payloads), vectorIndex({ vectors: fresh.vectors, payloads, embed })];
      const { documents } = fresh;
      const told: Delivery[] = [];
      const fold = new DocumentsProjection({
        documents,
        history: (owner, after) => historyOf(nc, owner, after),
        publishChanges: async (owner, changes) =>
          void told.push(raw(changeSubject(owner), told.length + 1, JSON.stringify(changes))),
      });
      for await (const batch of replay(nc, { from: 1, to: Infinity })) await fold.apply(batch);
      for (const one of indexes) await indexChanges(told, documents, one);
      const found = await digests(fresh);
      for (const name of NAMES) await fresh[name].close();
      return found;
    },
    async close(end = 'stop') {
      await publisher.close();
      for (const consumer of consumers) await consumer.stop();
      // Without the log nobody can record anything.
      isKilled = end === 'kill';
      if (isKilled) await nc.close();
      await watch.close();
      await disposal.run(10_000);
    },
  };
}

/** Copies the folder of a projector that is stopped. */
export function copyFolder(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true });
}
