import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger } from '@opensync/platform';
import { ensureNatsServer, startNatsServer, type NatsServerHandle } from '@opensync/nats-server';
import { Disposal } from '@opensync/platform/service';
import { aMessageSynced, anOwner, itWithDisk, smallDisk, waitFor, type SmallDisk } from '@opensync/testkit';
import { connectLog } from '../connection.ts';
import { logProblem, logState, openLog } from '../open-log.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { EventPublisher } from './event-publisher.ts';

const MEBIBYTE = 1024 * 1024;
const SETTINGS = { OPENSYNC_REPLICAS: 1, OPENSYNC_EVENTS_MAX_BYTES: undefined };
/** Well below the time after which a silent log is given up. */
const AT_ONCE_MS = 1000;

async function serverOn(disk: SmallDisk, restarts: string[]): Promise<NatsServerHandle> {
  return startNatsServer({
    bin: await ensureNatsServer({ bin: process.env.NATS_SERVER_BIN }),
    storeDir: join(disk.path, 'nats'),
    port: 0,
    sync: 'always',
    token: 'secret',
    logFile: join(disk.path, 'nats-server.log'),
    onExit: ({ reason }) => restarts.push(reason),
  });
}

/** Leaves this much free space on the disk. */
async function fill(disk: SmallDisk, leaving = 0): Promise<void> {
  const { bavail, bsize } = await statfs(disk.path);
  const bytes = leaving === 0 ? 2 * bavail * bsize : bavail * bsize - leaving;
  // Writes that do not fit fail after all that do.
  await writeFile(join(disk.path, 'ballast'), Buffer.alloc(bytes)).catch(() => undefined);
}
const empty = (disk: SmallDisk) => rm(join(disk.path, 'ballast'));

/** The outcome of a write of this many characters, and how long it took. */
async function write(publisher: EventPublisher, characters: number) {
  const startedAt = performance.now();
  const event = aMessageSynced({ textContent: 'x'.repeat(characters) }, { owner: anOwner() });
  const outcome = await publisher.publish([event]).then(
    () => 'stored' as const,
    (error: unknown) => error as { message: string; retryAfter: number },
  );
  return { outcome, tookMs: performance.now() - startedAt };
}

describe('the full disk of an embedded log', () => {
  itWithDisk().each([
    // The server is restarted only if it may have failed to write.
    ['nothing is left', 0, ['its disk was full and has room again']],
    ['only its reserve is left', 1.5 * MEBIBYTE, []],
  ])(
    'rejects writes at once with its cause, and accepts them again when there is space: %s',
    async (_what: string, leaving: number, expected: readonly string[]) => {
      await using disk = await smallDisk(40);
      const restarts: string[] = [];
      const server = await serverOn(disk, restarts);
      const disposal = new Disposal(() => undefined);
      const logger = createLogger('silent', 'test');
      try {
        const at = { url: server.url, token: 'secret', dataDir: disk.path, disk: server.disk };
        const nc = await openLog(at, SETTINGS, { name: 'test', logger, disposal });
        const publisher = new EventPublisher(nc, { source: 'test', mode: 'group' });
        disposal.defer('publisher', () => publisher.close());
        expect((await write(publisher, 1000)).outcome).toBe('stored');
        expect([logProblem(nc), await logState(nc)]).toEqual([undefined, 'up']);

        await fill(disk, leaving);
        const took: number[] = [];
        const refusal = await waitFor(async () => {
          const { outcome, tookMs } = await write(publisher, 1000);
          took.push(tookMs);
          return outcome !== 'stored' && outcome;
        });
        const message = 'The disk of the event log is full; writes are rejected until there is free space.';
        expect(refusal).toMatchObject({ code: 'UNAVAILABLE', message, retryAfter: 30 });
        expect(Math.max(...took)).toBeLessThan(AT_ONCE_MS);
        expect([logProblem(nc), await logState(nc)]).toEqual([message, 'down']);
        expect((await write(publisher, 1000)).outcome).toMatchObject({ message });

        await empty(disk);
        await waitFor(async () => (await write(publisher, 1000)).outcome === 'stored', { timeoutMs: 30_000 });
        expect(restarts).toEqual(expected);
        await waitFor(async () => (await logState(nc)) === 'up', { timeoutMs: 30_000 });
      } finally {
        await disposal.run(5000);
        await server.stop();
      }
    },
    60_000,
  );
});

describe('the full disk of a remote log', () => {
  itWithDisk()(
    'is probed by one write at a time; all others are rejected at once',
    async () => {
      await using disk = await smallDisk(40);
      const server = await serverOn(disk, []);
      const nc = await connectLog({ servers: server.url, token: 'secret', name: 'test' });
      const publisher = new EventPublisher(nc, { source: 'test', mode: 'group', ackTimeoutMs: 1500 });
      try {
        await reconcileTopology(nc, { replicas: 1 });
        expect((await write(publisher, 1000)).outcome).toBe('stored');
        await fill(disk);
        const refusal = await waitFor(async () => {
          const { outcome } = await write(publisher, 200_000);
          return outcome !== 'stored' && outcome;
        });
        expect(refusal).toMatchObject({ code: 'UNAVAILABLE', retryAfter: 30 });
        expect(refusal.message).toContain('its disk may be full');
        expect(await logState(nc)).toBe('down');
        const others = await Promise.all([1, 2, 3, 4].map(() => write(publisher, 1000)));
        expect(others.filter(({ outcome, tookMs }) => outcome === 'stored' || tookMs > AT_ONCE_MS)).toEqual([]);
        // One of these finds out that there is space again.
        await empty(disk);
        await waitFor(async () => (await write(publisher, 1000)).outcome === 'stored', { timeoutMs: 30_000 });
        expect(await logState(nc)).toBe('up');
      } finally {
        await publisher.close();
        await nc.close();
        await server.stop();
      }
    },
    60_000,
  );
});
