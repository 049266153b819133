import { createHash, randomBytes } from 'node:crypto';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { startTestNats, type TestNats } from '@opensync/testkit';
import type { NatsConnection } from '@nats-io/transport-node';
import { isRetryable } from '@opensync/platform';
import { connectLog } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { PayloadLostError, PayloadStore } from './payload-store.ts';

describe('PayloadStore', () => {
  let server: TestNats;
  let nc: NatsConnection;
  let payloads: PayloadStore;
  beforeEach(async () => {
    server = await startTestNats();
    nc = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
    payloads = new PayloadStore(nc);
  });
  afterEach(async () => {
    await nc.close();
    await server.stop();
  });
  const storedBytes = async () => (await (await jetstreamManager(nc)).streams.info('OBJ_payloads')).state.bytes;

  it('gives back a mebibyte and more, byte for byte, under its SHA-256', async () => {
    const content = `日本 \u0000 ${randomBytes(800_000).toString('base64')}`;
    const reference = await payloads.put(content);
    expect(reference).toEqual({
      sha256: createHash('sha256').update(content).digest('hex'),
      size: Buffer.byteLength(content),
      preview: content.slice(0, 200),
    });
    expect(await new PayloadStore(nc).get(reference)).toBe(content);
  });

  it('stores the same content once, also when it is put twice at the same time', async () => {
    const content = 'x'.repeat(600_000);
    const references = await Promise.all([payloads.put(content), payloads.put(content)]);
    const once = await storedBytes();
    references.push(await payloads.put(content), await new PayloadStore(nc).put(content));
    expect(new Set(references.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(await storedBytes()).toBe(once);
    expect(await payloads.get(references[0]!)).toBe(content);
  });

  it('never cuts a preview within a character', async () => {
    const { preview } = await payloads.put('a'.repeat(199) + '😀'.repeat(10));
    expect(preview.isWellFormed()).toBe(true);
  });

  const lossOf = (sha256: string) => payloads.get({ sha256 }).catch((error: unknown) => error);

  it('knows what it does not have', async () => {
    const error = await lossOf('0'.repeat(64));
    expect(error).toBeInstanceOf(PayloadLostError);
    expect(isRetryable(error)).toBe(false);
  });

  describe('of damaged content', () => {
    const STREAM = 'OBJ_payloads';
    const CHUNKS = '$O.payloads.C.>';
    const content = randomBytes(600_000).toString('hex');
    const damages: [string, (manager: JetStreamManager) => Promise<unknown>][] = [
      ['whose chunks are all gone', ({ streams }) => streams.purge(STREAM, { filter: CHUNKS })],
      ['that lacks a chunk', ({ streams }) => streams.deleteMessage(STREAM, 2)],
      [
        'that has other bytes',
        async ({ streams }) => {
          const { subject } = (await streams.getMessage(STREAM, { seq: 2 }))!;
          await streams.deleteMessage(STREAM, 2);
          await jetstream(nc).publish(subject, 'other bytes');
        },
      ],
    ];

    it.each(damages)('%s, says that it is lost', async (_what, damage) => {
      const { sha256 } = await payloads.put(content);
      await damage(await jetstreamManager(nc));
      const error = await lossOf(sha256);
      expect(error).toBeInstanceOf(PayloadLostError);
      expect(isRetryable(error)).toBe(false);
    });

    it('stores what lacks chunks anew when it is put again', async () => {
      const { sha256 } = await payloads.put(content);
      await (await jetstreamManager(nc)).streams.purge(STREAM, { filter: CHUNKS });
      await payloads.put(content);
      expect(await payloads.get({ sha256 })).toBe(content);
    });
  });

  it('answers UNAVAILABLE when the bucket is not there, and works once it is', async () => {
    await (await jetstreamManager(nc)).streams.delete('OBJ_payloads');
    await expect(payloads.put('content')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await reconcileTopology(nc, { replicas: 1 });
    await expect(payloads.put('content')).resolves.toMatchObject({ size: 7 });
  });
});
