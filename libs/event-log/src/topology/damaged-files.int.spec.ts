import { mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger } from '@opensync/platform';
import { ensureNatsServer, startNatsServer, type NatsServerHandle } from '@opensync/nats-server';
import { Disposal } from '@opensync/platform/service';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import { BatchConsumer } from '../consume/batch-consumer.ts';
import { openLog } from '../open-log.ts';
import { CONSUMER } from './names.ts';

const SUBJECT = 'osk.events.w.u.session';
const EVENTS = Array.from({ length: 300 }, (_, n) => `event ${n + 1} ${'x'.repeat(1000)}`);
const NEW = ['new 1', 'new 2', 'new 3'];
const SETTINGS = { OPENSYNC_REPLICAS: 1, OPENSYNC_EVENTS_MAX_BYTES: undefined };

let folder: TemporaryFolder;
let server: NatsServerHandle | undefined;
let disposal: Disposal;
beforeEach(async () => {
  folder = await temporaryFolder();
  await withLog(async (nc) => {
    await publish(nc, EVENTS);
    await consume(nc, EVENTS);
  });
});
afterEach(async () => {
  await close();
  await folder.remove();
});

async function open(): Promise<LogConnection> {
  disposal = new Disposal(() => undefined);
  server = await startNatsServer({
    bin: await ensureNatsServer({ bin: process.env.NATS_SERVER_BIN }),
    storeDir: join(folder.path, 'nats'),
    port: 0,
    sync: 'interval',
    token: 'secret',
    logFile: join(folder.path, 'nats-server.log'),
  });
  const logger = createLogger('silent', 'test');
  return openLog({ url: server.url, token: 'secret' }, SETTINGS, { name: 'test', logger, disposal });
}

async function close(): Promise<void> {
  await disposal.run(5000);
  await server?.stop();
  server = undefined;
}

async function withLog<T>(work: (nc: LogConnection, manager: JetStreamManager) => Promise<T>): Promise<T> {
  try {
    const nc = await open();
    return await work(nc, await jetstreamManager(nc));
  } finally {
    await close();
  }
}

async function publish(nc: LogConnection, events: readonly string[]): Promise<void> {
  for (const event of events) await jetstream(nc).publish(SUBJECT, event);
}

/** Resolves when the documents consumer has delivered all of these. */
async function consume(nc: LogConnection, events: readonly string[]): Promise<void> {
  const given = new Set<string>();
  const consumer = new BatchConsumer(nc, {
    consumer: CONSUMER.documents,
    handler: async (batch) => {
      for (const delivery of batch) given.add(delivery.body());
      return {};
    },
  });
  try {
    await waitFor(() => events.every((event) => given.has(event)), { timeoutMs: 30_000 });
  } finally {
    await consumer.stop();
  }
  await nc.flush();
}

const inStream = (...path: string[]) => join(folder.path, 'nats', 'jetstream', '$G', 'streams', 'EVENTS', ...path);
const block = () => inStream('msgs', '1.blk');

describe('a file of the log that cannot be opened', () => {
  it.each([
    ['a block', () => block()],
    ['the description of the stream', () => inStream('meta.inf')],
    ['its checksum', () => inStream('meta.sum')],
    ['the index', () => inStream('msgs', 'index.db')],
    ['the position of a consumer', () => inStream('obs', 'documents', 'o.dat')],
  ])('keeps nats-server from starting, because it would delete the whole stream: %s', async (_what, pathOf) => {
    const path = pathOf();
    const kept = `${path}.kept`;
    await rename(path, kept);
    // A folder in its place cannot be opened as a file, whatever privileges this process has.
    await mkdir(path);
    await expect(open()).rejects.toMatchObject({
      name: 'NatsServerError',
      message: expect.stringMatching(/^the event log could not start: \/.* is a folder, not a file; [^\n]+$/),
    });
    await rm(path, { recursive: true });
    await rename(kept, path);
    await withLog(async (nc, manager) => {
      const { messages, last_seq: last } = (await manager.streams.info('EVENTS')).state;
      expect([messages, last]).toEqual([EVENTS.length, EVENTS.length]);
      await publish(nc, NEW);
      await consume(nc, NEW);
    });
  });
});

describe('a damaged position of a consumer', () => {
  it.each([
    ['garbage', 'garbage'],
    ['a header alone', Buffer.from([22, 2])],
    ['nothing but zeros', Buffer.alloc(64)],
  ])('is discarded, and all events are delivered again: %s', async (_what, content) => {
    await writeFile(inStream('obs', 'documents', 'o.dat'), content);
    await withLog(async (nc) => {
      await consume(nc, EVENTS);
      await publish(nc, NEW);
      await consume(nc, NEW);
    });
  });
});

/** Overwrites a share of the block with zeros. */
async function zero(from: number, to: number): Promise<void> {
  const bytes = await readFile(block());
  await writeFile(block(), bytes.fill(0, Math.floor(bytes.length * from), Math.floor(bytes.length * to)));
}

describe('a stream that lost events', () => {
  it.each([
    ['zeros in the middle of a block', () => zero(0.4, 0.5)],
    ['zeros at the end of a block', () => zero(0.7, 1)],
    ['zeros at its beginning', () => zero(0, 0.1)],
    ['a block that is cut off', () => truncate(block(), 100_000)],
    [
      'a block that is cut off, without its index',
      async () => {
        await rm(inStream('msgs', 'index.db'));
        await truncate(block(), 100_000);
      },
    ],
    ['an empty block', () => truncate(block(), 0)],
    ['no block', () => rm(block())],
    ['no messages at all', () => rm(inStream('msgs'), { recursive: true })],
  ])('still delivers events that are published from now on: %s', async (_what, damage) => {
    await damage();
    await withLog(async (nc) => {
      await publish(nc, NEW);
      await consume(nc, NEW);
    });
  });
});

describe('the metadata of a stream that is', () => {
  it.each([
    ['missing', () => rm(inStream('meta.inf'))],
    ['garbage', () => writeFile(inStream('meta.inf'), 'garbage')],
    ['without its checksum', () => rm(inStream('meta.sum'))],
    ['empty', () => truncate(inStream('meta.inf'))],
  ])('%s is recreated, with all events', async (_what, damage) => {
    await damage();
    await withLog(async (nc, manager) => {
      expect((await manager.streams.info('EVENTS')).state.messages).toBe(EVENTS.length);
      await publish(nc, NEW);
      await consume(nc, NEW);
    });
  });
});
