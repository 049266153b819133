import { randomBytes } from 'node:crypto';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { anOwner, onEachNatsServer, startTestNats, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { condemn, sweep } from './condemned.ts';
import { sha256Of } from './chunks.ts';
import { PayloadLostError } from './lost.ts';
import { PayloadStore } from './payload-store.ts';
import { exportLog } from '../transfer/export-log.ts';

const ADA = anOwner('ada@example.com');
const BOB = anOwner('bob@example.com');
const STREAM = 'PAYLOADS';

onEachNatsServer(({ program }) => {
  let server: TestNats;
  let nc: LogConnection;
  let manager: JetStreamManager;
  let payloads: PayloadStore;
  beforeEach(async () => {
    server = await startTestNats({ program: program() });
    nc = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
    manager = await jetstreamManager(nc);
    payloads = new PayloadStore(nc);
  });
  afterEach(async () => {
    await nc.close();
    await server.stop();
  });
  const stored = async () => (await manager.streams.info(STREAM)).state.messages;
  const read = async (content: Buffer, owner = ADA) =>
    content.equals(await new PayloadStore(nc).get(owner, sha256Of(content)));
  const later = (isNamed: boolean) => ({ markedBefore: Date.now() + 60_000, isNamed });

  describe.each([1, 300_000, 1_500_000])('a payload of %i bytes', (size) => {
    const content = randomBytes(size);
    const sha256 = sha256Of(content);
    const chunks = Math.ceil(size / 524_288);
    beforeEach(() => payloads.put(ADA, content));

    it('can be read while it is marked, in full and in part, and is removed afterwards', async () => {
      await payloads.put(BOB, content);
      await condemn(nc, ADA, sha256);
      await condemn(nc, ADA, sha256);
      expect(await stored()).toBe(2 * chunks + 1);
      expect(await read(content)).toBe(true);
      const part = Buffer.concat(await Array.fromAsync(payloads.read(ADA, sha256, { start: size - 1 })));
      expect(content.subarray(size - 1).equals(part)).toBe(true);

      expect(await sweep(nc, ADA, sha256, { markedBefore: Date.now() - 60_000, isNamed: false })).toBe('too young');
      expect(await read(content)).toBe(true);
      expect(await sweep(nc, ADA, sha256, later(false))).toBe('removed');
      expect(await stored()).toBe(chunks);
      await expect(read(content)).rejects.toThrow(PayloadLostError);
      expect(await read(content, BOB)).toBe(true);
      expect(await sweep(nc, ADA, sha256, later(false))).toBe('not marked');
    });

    it('stays if it is named, and can be marked again', async () => {
      await condemn(nc, ADA, sha256);
      expect(await sweep(nc, ADA, sha256, later(true))).toBe('kept');
      // And the replacement of the mark.
      expect([await stored(), await read(content)]).toEqual([chunks + 1, true]);
      await payloads.put(ADA, content);
      expect([await stored(), await sweep(nc, ADA, sha256, later(false))]).toEqual([chunks + 1, 'not marked']);
      for (let n = 0; n < 2; n++) {
        await condemn(nc, ADA, sha256);
        expect([await stored(), await sweep(nc, ADA, sha256, later(true))]).toEqual([chunks + 1, 'kept']);
      }
      await condemn(nc, ADA, sha256);
      await payloads.put(ADA, content);
      expect([await stored(), await read(content)]).toEqual([2 * chunks + 1, true]);
      await condemn(nc, ADA, sha256);
      expect(await sweep(nc, ADA, sha256, later(false))).toBe('removed');
      expect(await stored()).toBe(0);
    });

    it('is stored again after its mark, and that copy stays', async () => {
      await condemn(nc, ADA, sha256);
      await Promise.all([payloads.put(ADA, content), new PayloadStore(nc).put(ADA, content)]);
      expect([await stored(), await read(content)]).toEqual([2 * chunks + 1, true]);
      // Once: a payload that is stored again has no mark.
      await payloads.put(ADA, content);
      expect(await stored()).toBe(2 * chunks + 1);
      expect(await sweep(nc, ADA, sha256, later(false))).toBe('stored again');
      expect([await stored(), await read(content)]).toEqual([chunks, true]);
      expect(await sweep(nc, ADA, sha256, later(false))).toBe('not marked');
      await payloads.put(ADA, content);
      expect(await stored()).toBe(chunks);
    });

    it('is damaged if it stays and its last chunk is missing, and is repaired by storing it again', async () => {
      await condemn(nc, ADA, sha256);
      expect(await sweep(nc, ADA, sha256, later(true))).toBe('kept');
      await manager.streams.deleteMessage(STREAM, chunks);
      await expect(read(content)).rejects.toThrow(/damaged/);
      expect(await payloads.has(ADA, sha256)).toBe(true);
      await Promise.all([payloads.put(ADA, content), new PayloadStore(nc).put(ADA, content)]);
      expect(await read(content)).toBe(true);
      await condemn(nc, ADA, sha256);
      expect(await sweep(nc, ADA, sha256, later(false))).toBe('removed');
      expect(await stored()).toBe(0);
    });

    it('is stored again after it was removed', async () => {
      await condemn(nc, ADA, sha256);
      await sweep(nc, ADA, sha256, later(false));
      await payloads.put(ADA, content);
      expect([await stored(), await read(content)]).toEqual([chunks, true]);
    });

    it('counts as removed from the beginning of its removal, also for an export', async () => {
      await payloads.put(BOB, content);
      await condemn(nc, ADA, sha256);
      // The sweep begins with this one.
      await manager.streams.deleteMessage(STREAM, chunks);
      expect([await payloads.has(ADA, sha256), await payloads.has(BOB, sha256)]).toEqual([false, true]);
      const lines = (await Array.fromAsync(exportLog(nc))).join('').split('\n');
      expect(lines.filter((line) => /"kind":"(payload|lost)"/.test(line))).toEqual([
        expect.stringContaining(`"userId":"${BOB.userId}"`),
      ]);
    });

    it('is removed by another attempt if the first was interrupted', async () => {
      await condemn(nc, ADA, sha256);
      await manager.streams.deleteMessage(STREAM, chunks);
      expect(await sweep(nc, ADA, sha256, later(false))).toBe('removed');
      expect(await stored()).toBe(0);
    });

    it('is stored again if its removal was interrupted', async () => {
      await condemn(nc, ADA, sha256);
      await manager.streams.deleteMessage(STREAM, chunks);
      await payloads.put(ADA, content);
      expect(await read(content)).toBe(true);
      await sweep(nc, ADA, sha256, later(false));
      expect([await stored(), await read(content)]).toEqual([chunks, true]);
    });

    it('is never lost to a writer that stores it during its removal', async () => {
      for (let round = 0; round < 5; round++) {
        await payloads.put(ADA, content);
        await condemn(nc, ADA, sha256);
        // After and before the mark, during and after the removal.
        const puts = Array.from({ length: 4 }, () => new PayloadStore(nc).put(ADA, content));
        await Promise.all([...puts, sweep(nc, ADA, sha256, later(false)), sweep(nc, ADA, sha256, later(false))]);
        expect(await read(content)).toBe(true);
      }
    });
  });

  it('is skipped if nothing is stored', async () => {
    const sha256 = sha256Of(Buffer.from('never put'));
    await condemn(nc, ADA, sha256);
    expect(await sweep(nc, ADA, sha256, later(false))).toBe('not marked');
    expect(await stored()).toBe(0);
  });
});
