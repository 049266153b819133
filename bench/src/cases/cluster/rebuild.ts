import { jetstream } from '@nats-io/jetstream';
import { decodeEvent } from '@opensync/contracts';
import {
  connectLog,
  EventPublisher,
  reconcileTopology,
  replay,
  STREAM,
  streamEnds,
  type LogConnection,
} from '@opensync/event-log';
import type { Settings } from '@opensync/platform';
import { rebuild } from '@opensync/projector';
import { dropGeneration, openGeneration } from '@opensync/stores';
import { startTestNats, temporaryFolder } from '@opensync/testkit';
import { inBatches, manyEvents } from '../../events.ts';
import { perSecond, rates, type Figure } from '../../figures.ts';
import { aMessage, BENCH_KEY, post } from '../../load.ts';
import { run } from '../../processes/process.ts';
import { onServer } from '../../servers.ts';
import { dropDatabase, ownName, settingsWith, withDatabase } from '../../stores.ts';

const EVENTS = 100_000;
/** Fewer: a stand-in may keep both generations in a small memory, and scan where MongoDB has an index. */
const EVENTS_ON_SERVER = 10_000;
const LIVE = { connections: 64, seconds: 4 };
/** As much as a rebuild reads at once. */
const READ_AT_ONCE = 2000;
/** After one that is not measured. */
const ROUNDS = 2;

/** A full rebuild of the documents: its reading alone against a raw consumer, and all of it against live ingest. */
export async function rebuildFigures(): Promise<Figure[]> {
  const live = await liveRate();
  await using nats = await startTestNats({ sync: 'always' });
  const nc = await connectLog({ servers: nats.url, name: 'bench-rebuild' });
  try {
    await reconcileTopology(nc, { replicas: 1 });
    await fillLog(nc, EVENTS_ON_SERVER);
    const onMongo = await onServer('mongodb', nameOf('MongoDB', EVENTS_ON_SERVER), async (server) => {
      const name = ownName();
      const url = withDatabase(server, name);
      try {
        return [await rebuildFigure('MongoDB', nc, settingsWith({ MONGODB_URL: url }), live)];
      } finally {
        await dropDatabase(url, name);
      }
    });
    await fillLog(nc, EVENTS);
    await using folder = await temporaryFolder();
    return [
      ...(await readingFigures(nc)),
      await rebuildFigure('SQLite', nc, settingsWith({ OPENSYNC_DATA_DIR: folder.path }), live),
      ...onMongo,
    ];
  } finally {
    await nc.close();
  }
}

/** Single events over HTTP, on a log of their own. */
async function liveRate(): Promise<number> {
  await using nats = await startTestNats({ sync: 'always' });
  const gateway = await run(new URL('../../processes/gateway.js', import.meta.url), [nats.url, 'group', BENCH_KEY]);
  try {
    const body = () => JSON.stringify(aMessage());
    const { rate, failed } = await post(`${gateway.url}/sync/message`, { ...LIVE, body });
    if (failed > 0) throw new Error(`${failed} requests were not answered with 2xx`);
    return rate;
  } finally {
    await gateway.stop();
  }
}

/** Until the log has so many events. */
async function fillLog(nc: LogConnection, events: number): Promise<void> {
  const publisher = new EventPublisher(nc, { source: 'bench', mode: 'group' });
  const { last } = await streamEnds(nc);
  for (const batch of inBatches(manyEvents(events - last, last), 1000)) await publisher.publish(batch);
  await publisher.close();
}

async function readingFigures(nc: LogConnection): Promise<Figure[]> {
  const { last } = await streamEnds(nc);
  const figures: Figure[] = [];
  for (const parse of [false, true]) {
    let productMs = 0;
    let rawMs = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      const start = performance.now();
      await readByReplay(nc, last, parse);
      const between = performance.now();
      await readRaw(nc, last, parse);
      // The first reader reads for both from the disk.
      if (round === 0) continue;
      rawMs += performance.now() - between;
      productMs += between - start;
    }
    const what = parse ? 'and checking events against their schemas, raw: JSON.parse' : 'alone';
    const rate = (elapsedMs: number) => (ROUNDS * last) / (elapsedMs / 1000);
    figures.push(
      rates(`replay, reading ${what}`, { product: rate(productMs), ceiling: rate(rawMs) }, parse ? '' : '≥ 0.8'),
    );
  }
  return figures;
}

async function readByReplay(nc: LogConnection, to: number, parse: boolean): Promise<void> {
  for await (const batch of replay(nc, { from: 1, to, maxBatch: READ_AT_ONCE })) {
    if (parse) for (const delivery of batch) decodeEvent(delivery);
  }
}

/** The client's ordered consumer, as fast as it goes: a callback, and as much read ahead as `replay` does. */
async function readRaw(nc: LogConnection, to: number, parse: boolean): Promise<void> {
  const consumer = await jetstream(nc).consumers.get(STREAM.events);
  const read = Promise.withResolvers<void>();
  const messages = await consumer.consume({
    max_messages: 4 * READ_AT_ONCE,
    callback: (message) => {
      if (parse) message.json();
      if (message.seq === to) read.resolve();
    },
  });
  await read.promise;
  await messages.close();
}

/** The second rebuild: the first one makes the live generation, which the second is compared with. */
async function rebuildFigure(store: string, nc: LogConnection, settings: Settings, live: number): Promise<Figure> {
  const { last } = await streamEnds(nc);
  let start = 0;
  let replayedAt = 0;
  for (let round = 0; round < 2; round++) {
    start = performance.now();
    await rebuild(
      'documents',
      {
        nc,
        open: (name, generation) => openGeneration(settings, name, generation),
        drop: (name, generation) => dropGeneration(settings, name, generation),
        embed: () => Promise.reject(new Error('documents need no vectors')),
        confirmModel: async () => undefined,
      },
      {
        dropOld: true,
        onProgress: ({ phase, done }) => {
          if (phase === 'replaying' && done === last) replayedAt = performance.now();
        },
      },
    );
  }
  const whole = last / ((performance.now() - start) / 1000);
  const replaying = last / ((replayedAt - start) / 1000);
  return {
    name: nameOf(store, last),
    value: `${perSecond(whole)}, before comparing ${perSecond(replaying)}`,
    ceiling: `${perSecond(live)} live`,
    ratio: whole / live,
    aim: '≥ 10',
  };
}

const nameOf = (store: string, events: number) =>
  `rebuild documents in ${store}, ${events.toLocaleString('en-US')} events`;
