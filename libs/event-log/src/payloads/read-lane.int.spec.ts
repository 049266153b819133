import { randomBytes } from 'node:crypto';
import { anOwner, onEachNatsServer, startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { ChunkCache } from './chunk-cache.ts';
import { PayloadStore } from './payload-store.ts';

const ADA = anOwner('ada@example.com');
const MEGABYTE = 1_000_000;

/** Counts how often a connection is lost. */
function lossesOf(connection: LogConnection): () => number {
  let losses = 0;
  connection.link.onChange((up) => (losses += up ? 0 : 1));
  return () => losses;
}

onEachNatsServer(({ program }) => {
  let server: TestNats;
  let nc: LogConnection;
  beforeEach(async () => {
    server = await startTestNats({ program: program(), maxPayload: 8 * MEGABYTE });
    nc = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
  });
  afterEach(async () => {
    await nc.close();
    await server.stop();
  });

  describe('reads of large content', () => {
    it('leave the connection of acks and events alone, and use one connection per purpose', async () => {
      const { sha256 } = await new PayloadStore(nc).put(ADA, randomBytes(5 * MEGABYTE));
      const before = nc.stats().inBytes;
      for (const lane of ['requests', 'background'] as const) await new PayloadStore(nc, { lane }).get(ADA, sha256);
      expect(nc.stats().inBytes - before).toBeLessThan(100_000);
      const sides = await Promise.all(Object.values(nc.payloads.lanes).map((lane) => lane.connection()));
      for (const side of sides) expect(side.stats().inBytes).toBeGreaterThan(5 * MEGABYTE);
      await nc.close();
      await Promise.all(sides.map((side) => side.closed()));
    });

    it('cause no disconnect, however many there are at once', async () => {
      const store = new PayloadStore(nc);
      const contents = Array.from({ length: 10 }, () => randomBytes(9 * MEGABYTE));
      const hashes: string[] = [];
      for (const content of contents) hashes.push((await store.put(ADA, content)).sha256);
      const side = await nc.payloads.lanes.background.connection();
      const losses = [lossesOf(nc), lossesOf(side)];
      const reading = Array.from({ length: 40 }, async (_, at) => {
        const content = contents[at % 10]!;
        let read = 0;
        for await (const piece of new PayloadStore(nc).read(ADA, hashes[at % 10]!)) {
          expect(Buffer.compare(piece, content.subarray(read, read + piece.length))).toBe(0);
          read += piece.length;
        }
        return read;
      });
      expect(new Set(await Promise.all(reading))).toEqual(new Set([9 * MEGABYTE]));
      expect(losses.map((count) => count())).toEqual([0, 0]);
    });

    it('continue after their connection was lost', async () => {
      const store = new PayloadStore(nc);
      const content = randomBytes(4 * MEGABYTE);
      const { sha256 } = await store.put(ADA, content);
      const side = await nc.payloads.lanes.background.connection();
      const mainLosses = lossesOf(nc);
      const pieces: Uint8Array[] = [];
      for await (const piece of store.read(ADA, sha256)) {
        pieces.push(piece);
        if (pieces.length % 3 === 1) await side.reconnect();
      }
      expect(Buffer.compare(Buffer.concat(pieces), content)).toBe(0);
      expect(mainLosses()).toBe(0);
    });

    it('report why they fail until they succeed again', async () => {
      const store = new PayloadStore(nc);
      const { sha256 } = await store.put(ADA, 'content');
      await store.get(ADA, sha256);
      expect(nc.payloads.reads.problem).toBeUndefined();
      const port = server.port;
      await server.kill();
      await expect(store.get(ADA, sha256)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(nc.payloads.reads.problem).toMatch(/^payload reads failing: /);
      await server.restart();
      expect(server.port).toBe(port);
      await waitFor(() => nc.link.up);
      await store.get(ADA, sha256);
      expect(nc.payloads.reads.problem).toBeUndefined();
      await expect(store.get(ADA, '0'.repeat(64))).rejects.toThrow('missing');
      expect(nc.payloads.reads.totals).toMatchObject({ lost: 1 });
      expect(nc.payloads.reads.problem).toBeUndefined();
    });

    it('of the same content share a read if they are concurrent or follow soon', async () => {
      const { sha256 } = await new PayloadStore(nc).put(ADA, randomBytes(9 * MEGABYTE));
      const cache = new ChunkCache({ limit: 20 * MEGABYTE, maxAgeMs: 60_000 });
      const store = new PayloadStore(nc, { lane: 'requests', cache });
      const drain = async () => {
        for await (const piece of store.read(ADA, sha256)) void piece;
      };
      await Promise.all(Array.from({ length: 20 }, drain));
      await drain();
      const side = await nc.payloads.lanes.requests.connection();
      expect(side.stats().inBytes).toBeLessThan(10 * MEGABYTE);
    });
  });
});
