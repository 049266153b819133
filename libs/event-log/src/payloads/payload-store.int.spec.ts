import { createHash, randomBytes } from 'node:crypto';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import { headers } from '@nats-io/transport-node';
import { payloadSubject, type PayloadScope } from '@opensync/contracts';
import { isRetryable } from '@opensync/platform';
import { anOwner, onEachNatsServer, startTestNats, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { PayloadLostError } from './lost.ts';
import { PayloadStore } from './payload-store.ts';

const ADA = anOwner('ada@example.com');
const BOB = anOwner('bob@example.com');
const STREAM = 'PAYLOADS';
const sha256Of = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

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
  const storedMessages = async () => (await manager.streams.info(STREAM)).state.messages;
  const expectLost = async (promise: Promise<unknown>) => {
    const error = await errorOf(promise);
    expect(error).toBeInstanceOf(PayloadLostError);
    expect(isRetryable(error)).toBe(false);
  };
  async function read(scope: PayloadScope, sha256: string, range?: { start?: number; end?: number }) {
    return Buffer.concat(await Array.fromAsync(payloads.read(scope, sha256, range)));
  }

  it.each([0, 1, 300_000, 524_288, 524_289, 2_000_000, 10_485_760])('returns %i bytes unchanged', async (size) => {
    const content = randomBytes(size);
    const stored = await payloads.put(ADA, content);
    expect(stored).toEqual({ sha256: sha256Of(content), size });
    expect(content.equals(await new PayloadStore(nc).get(ADA, stored.sha256))).toBe(true);
    expect(content.equals(await read(ADA, stored.sha256))).toBe(true);
  });

  it('returns text unchanged', async () => {
    const content = `日本 \u0000 👍 ${'é'.repeat(700_000)}`;
    const stored = await payloads.put(ADA, content);
    expect(stored.size).toBe(Buffer.byteLength(content));
    expect((await payloads.text(ADA, stored)) === content).toBe(true);
  });

  it("splits content by the server's message limit", async () => {
    await using small = await startTestNats({ program: program(), maxPayload: 64 * 1024 });
    const connection = await connectLog({ servers: small.url, name: 'test' });
    await reconcileTopology(connection, { replicas: 1 });
    const store = new PayloadStore(connection);
    const content = randomBytes(300_000);
    const { sha256 } = await store.put(ADA, content);
    expect(content.equals(await store.get(ADA, sha256))).toBe(true);
    await connection.close();
  });

  it.each([
    [{}, 0, 1_500_000],
    [{ start: 10, end: 20 }, 10, 20],
    [{ start: 524_287, end: 524_289 }, 524_287, 524_289],
    [{ start: 524_288, end: 1_048_576 }, 524_288, 1_048_576],
    [{ start: 1_400_000 }, 1_400_000, 1_500_000],
    [{ end: 600_000 }, 0, 600_000],
    [{ start: 1_400_000, end: 9_000_000 }, 1_400_000, 1_500_000],
    [{ start: 2_000_000 }, 0, 0],
    [{ start: 7, end: 7 }, 0, 0],
  ])('reads the part %j', async (range, start, end) => {
    const content = randomBytes(1_500_000);
    const { sha256 } = await payloads.put(ADA, content);
    expect(content.subarray(start, end).equals(await read(ADA, sha256, range))).toBe(true);
  });

  it('keeps the payloads of owners separate, and finds none by its hash alone', async () => {
    const { sha256 } = await payloads.put(ADA, 'secret');
    await expectLost(payloads.get(BOB, sha256));
    await expectLost(read(BOB, sha256));
    await expectLost(payloads.text(BOB, { sha256 }));
    await expectLost(payloads.get('unscoped', sha256));
    await payloads.put(BOB, 'secret');
    await manager.streams.purge(STREAM, { filter: payloadSubject(ADA, sha256) });
    expect([await payloads.has(ADA, sha256), await payloads.has(BOB, sha256)]).toEqual([false, true]);
    await expectLost(payloads.get(ADA, sha256));
    expect(Buffer.from(await payloads.get(BOB, sha256)).toString()).toBe('secret');
  });

  it('takes what another owner has like anything new, so that its duration tells nobody what others have', async () => {
    const content = randomBytes(600_000);
    const bytesOf = async (owner: PayloadScope, stored: Uint8Array) => {
      const before = nc.stats().outBytes;
      await new PayloadStore(nc).put(owner, stored);
      return nc.stats().outBytes - before;
    };
    await bytesOf(ADA, content);
    const ofAnother = await bytesOf(BOB, content);
    const fresh = await bytesOf(BOB, randomBytes(600_000));
    expect(fresh).toBeGreaterThan(600_000);
    // Ids of requests differ in length.
    expect(Math.abs(ofAnother - fresh)).toBeLessThan(1_000);
    expect(await storedMessages()).toBe(6);
  });

  it('lists stored payloads', async () => {
    const [one, two] = [await payloads.put(ADA, 'one'), await payloads.put(ADA, 'x'.repeat(600_000))];
    const three = await payloads.put('unscoped', 'three');
    const names = async () => (await payloads.list()).map(({ scope, sha256 }) => payloadSubject(scope, sha256)).sort();
    const subjects = [payloadSubject(ADA, one.sha256), payloadSubject(ADA, two.sha256)];
    expect(await names()).toEqual([...subjects, payloadSubject('unscoped', three.sha256)].sort());
    await manager.streams.purge(STREAM, { filter: 'osk.payloads.*.*.*' });
    expect(await names()).toEqual([payloadSubject('unscoped', three.sha256)]);
    expect(await storedMessages()).toBe(1);
    await payloads.put(ADA, 'one');
    expect(Buffer.from(await payloads.get(ADA, one.sha256)).toString()).toBe('one');
  });

  it('stores the same content once, even if several processes store it at the same time', async () => {
    const content = 'x'.repeat(600_000);
    const stores = Array.from({ length: 8 }, () => new PayloadStore(nc));
    await Promise.all([...stores, ...stores].map((store) => store.put(ADA, content)));
    await payloads.put(ADA, content);
    expect(await storedMessages()).toBe(2);
    expect(await payloads.text(ADA, { sha256: sha256Of(content) })).toBe(content);
  });

  it('leaves no consumer on the server, however often it reads', async () => {
    const content = randomBytes(1_500_000);
    const { sha256 } = await payloads.put(ADA, content);
    for (let reads = 0; reads < 20; reads++) {
      await payloads.get(ADA, sha256);
      await read(ADA, sha256);
      await payloads.list();
    }
    const streams = await Array.fromAsync(manager.streams.list());
    const durable = ['EVENTS', 'CHANGES'];
    for (const { config, state } of streams) if (!durable.includes(config.name)) expect(state.consumer_count).toBe(0);
    expect(nc.stats().inMsgs).toBeLessThan(20 * 30);
  });

  it('reports missing payloads', async () => {
    await expectLost(payloads.get(ADA, '0'.repeat(64)));
    await expectLost(payloads.text(ADA, { sha256: '0'.repeat(64) }));
  });

  describe('of damaged content', () => {
    const content = randomBytes(1_200_000);
    const sha256 = sha256Of(content);
    const subject = payloadSubject(ADA, sha256);
    const replaced = async (seq: number, change: (data: Uint8Array) => Uint8Array) => {
      const { header, data } = (await manager.streams.getMessage(STREAM, { seq }))!;
      await manager.streams.deleteMessage(STREAM, seq);
      const own = headers();
      for (const [name, [value]] of header) if (name.startsWith('Osk-')) own.set(name, value!);
      await jetstream(nc).publish(subject, change(data), { headers: own });
    };
    const damages: [string, () => Promise<unknown>][] = [
      ['that lacks its first chunk', () => manager.streams.deleteMessage(STREAM, 1)],
      ['that lacks a chunk in the middle', () => manager.streams.deleteMessage(STREAM, 2)],
      ['that lacks its last chunk', () => manager.streams.deleteMessage(STREAM, 3)],
      ['whose first chunk has other bytes', () => replaced(1, () => Buffer.from('other'))],
      ['whose last chunk has other bytes', () => replaced(3, (data) => Buffer.from(data).fill(1, 7, 8))],
    ];
    beforeEach(() => payloads.put(ADA, content));

    it.each(damages)('%s, reports it as lost', async (_what, damage) => {
      await damage();
      await expectLost(payloads.get(ADA, sha256));
      await expectLost(read(ADA, sha256));
    });

    it.each(damages)('%s, is repaired by storing it again', async (_what, damage) => {
      await damage();
      await payloads.put(ADA, content);
      expect(content.equals(await payloads.get(ADA, sha256))).toBe(true);
    });

    it('hands on only verified bytes', async () => {
      await replaced(3, (data) => Buffer.from(data).fill(1, 7, 8));
      const pieces: Uint8Array[] = [];
      await expectLost(
        (async () => {
          for await (const piece of payloads.read(ADA, sha256)) pieces.push(piece);
        })(),
      );
      const beginning = Buffer.concat(pieces);
      expect(content.subarray(0, beginning.length).equals(beginning)).toBe(true);
    });
  });

  it('reports that the stream does not answer, and works once it does', async () => {
    const { sha256 } = await payloads.put(ADA, 'content');
    await manager.streams.delete(STREAM);
    for (const attempt of [
      () => payloads.put(ADA, 'content'),
      () => payloads.get(ADA, sha256),
      () => read(ADA, sha256),
    ]) {
      expect(await errorOf(attempt())).toMatchObject({ code: 'UNAVAILABLE' });
    }
    await reconcileTopology(nc, { replicas: 1 });
    await expect(payloads.put(ADA, 'content')).resolves.toMatchObject({ size: 7 });
  });

  describe('if a lagging replica answers', () => {
    /** Answers direct gets as a lagging replica does: with nothing, or with too little. */
    function behindALaggingReplica(seen: number): LogConnection {
      return new Proxy(nc, {
        get: (target, property) => {
          const member = target[property as keyof LogConnection] as unknown;
          if (property !== 'publish') return typeof member === 'function' ? member.bind(target) : member;
          return (...[subject, body, options]: Parameters<LogConnection['publish']>) => {
            if (!subject.includes('.DIRECT.GET.')) return target.publish(subject, body, options);
            if (!body) return target.publish(seen === 0 ? `${subject}.none` : subject, body, options);
            const query = JSON.parse(String(body)) as { seq: number; batch: number };
            const behind = query.seq > seen ? { ...query, seq: 1_000_000 } : { ...query, batch: 1 };
            target.publish(subject, JSON.stringify(behind), options);
          };
        },
      });
    }

    it.each([0, 1, 2])('finds acknowledged payloads (%i chunks seen)', async (seen) => {
      const content = randomBytes(1_500_000);
      const { sha256 } = await payloads.put(ADA, content);
      expect(content.equals(await new PayloadStore(behindALaggingReplica(seen)).get(ADA, sha256))).toBe(true);
    });
  });

  describe('of payloads that an earlier version stored under the bare hash', () => {
    const content = `${randomBytes(700_000).toString('base64')} 日本`;
    const sha256 = sha256Of(content);
    beforeEach(async () => {
      const bucket = await new Objm(nc).create('payloads');
      await bucket.putBlob({ name: sha256, options: { max_chunk_size: 512 * 1024 } }, Buffer.from(content));
      await bucket.putBlob({ name: sha256Of('gone') }, Buffer.from('gone'));
      await bucket.delete(sha256Of('gone'));
    });

    it('is found by references only', async () => {
      expect((await payloads.text(ADA, { sha256 })) === content).toBe(true);
      await expectLost(payloads.get(ADA, sha256));
      await expectLost(read(ADA, sha256));
      await expectLost(payloads.text(ADA, { sha256: sha256Of('gone') }));
      expect((await manager.streams.info('OBJ_payloads')).state.consumer_count).toBe(0);
    });

    it('is listed once', async () => {
      const unscoped = { scope: 'unscoped', sha256 };
      expect(await payloads.list()).toEqual([unscoped]);
      await payloads.put('unscoped', content);
      expect(await payloads.list()).toEqual([unscoped]);
    });

    it('is lost if its chunks are', async () => {
      await manager.streams.purge('OBJ_payloads', { filter: '$O.payloads.C.>' });
      await expectLost(payloads.text(ADA, { sha256 }));
    });
  });
});
