import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureNatsServer, startNatsServer } from '@opensync/platform/nats-server';
import { aMessageSynced, anOwner, itWithDisk, smallDisk, waitFor } from '@opensync/testkit';
import { connectLog } from '../connection.ts';
import { logState } from '../open-log.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { EventPublisher } from './event-publisher.ts';

const MEBIBYTE = 1024 * 1024;

describe('a full disk', () => {
  itWithDisk()(
    'is told to writers and to the health check, and is over soon after there is room again',
    async () => {
      await using disk = await smallDisk(40);
      const restarts: string[] = [];
      const server = await startNatsServer({
        bin: await ensureNatsServer({ bin: process.env.NATS_SERVER_BIN }),
        storeDir: join(disk.path, 'nats'),
        port: 0,
        sync: 'always',
        token: 'secret',
        logFile: join(disk.path, 'nats-server.log'),
        onExit: ({ reason }) => restarts.push(reason),
      });
      const nc = await connectLog({ servers: server.url, token: 'secret', name: 'test' });
      const publisher = new EventPublisher(nc, { source: 'test', mode: 'group', ackTimeoutMs: 1000 });
      const write = () =>
        publisher.publish([aMessageSynced({ textContent: 'x'.repeat(200_000) }, { owner: anOwner() })]);
      const outcome = () =>
        write().then(
          () => 'stored',
          (error: unknown) => error,
        );
      try {
        await reconcileTopology(nc, { replicas: 1 });
        await write();
        expect(await logState(nc)).toBe('up');

        const ballast = join(disk.path, 'ballast');
        await writeFile(ballast, Buffer.alloc(40 * MEBIBYTE)).catch(() => undefined);
        const refusal = await waitFor(async () => {
          const told = await outcome();
          return told !== 'stored' && told;
        });
        expect(refusal).toMatchObject({ code: 'UNAVAILABLE', retryAfter: 30 });
        expect(await logState(nc)).toBe('down');
        expect(restarts).toEqual([]);

        await rm(ballast);
        await waitFor(async () => (await outcome()) === 'stored', { timeoutMs: 30_000, what: 'a write' });
        expect(restarts).toEqual(['its disk was full and has room again']);
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
