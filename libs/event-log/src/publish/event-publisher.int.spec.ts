import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { eventSubject, HEADER, type NewEvent } from '@opensync/contracts';
import {
  aMessageSynced,
  anOwner,
  aPartSynced,
  aSessionSynced,
  startTestNats,
  waitFor,
  type TestNats,
} from '@opensync/testkit';
import fc from 'fast-check';
import { connectLog, type LogConnection } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { EventPublisher, type PublisherOptions } from './event-publisher.ts';

const owner = anOwner();
let created = 0;
const anEvent = (): NewEvent => aMessageSynced({ externalId: `message-${created++}` }, { owner });
const events = (count: number): NewEvent[] => Array.from({ length: count }, anEvent);

/** A message with this many parts, of `bytes` in total. */
function aMessageWithParts(count: number, bytes = 0): NewEvent[] {
  const message = aMessageSynced({ externalId: `message-${created++}`, partCount: count }, { owner });
  const { messageId } = message.data;
  const content = 'x'.repeat(bytes / count);
  return [
    message,
    ...Array.from({ length: count }, (_, order) => aPartSynced({ messageId, order, content }, { owner })),
  ];
}

/** The ids of all events on the stream, at index = sequence - 1. */
async function storedIds(nc: LogConnection): Promise<string[]> {
  const manager = await jetstreamManager(nc);
  const { state } = await manager.streams.info('EVENTS');
  const ids: string[] = [];
  if (state.messages === 0) return ids;
  const batch = await manager.direct.getBatch('EVENTS', { seq: 1, batch: state.messages });
  for await (const message of batch) ids[message.seq - 1] = message.header.get(HEADER.id);
  return ids;
}

type SlowLink = Awaited<ReturnType<typeof slowLink>>;

/** A connection to the server that delays its answers. */
async function slowLink(serverUrl: string) {
  const { hostname, port } = new URL(serverUrl);
  const timers = new Set<NodeJS.Timeout>();
  let delayMs = 0;
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    client.pipe(upstream);
    upstream.on('data', (data) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        client.write(data);
      }, delayMs);
      timers.add(timer);
    });
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `nats://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    answerAfter: (ms: number) => void (delayMs = ms),
    async close() {
      for (const timer of timers) clearTimeout(timer);
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

describe.each(['group', 'plain'] as const)('EventPublisher in %s mode', (mode) => {
  let server: TestNats;
  let nc: LogConnection;
  let publisher: EventPublisher;
  const open = async (options: Partial<PublisherOptions> = {}) => {
    publisher = new EventPublisher(nc, { source: 'opensync/test', mode, ...options });
  };
  beforeEach(async () => {
    server = await startTestNats();
    nc = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
    await open();
  });
  afterEach(async () => {
    await publisher.close();
    await nc.close();
    await server.stop();
  });

  it('returns the stream sequence of each event, in the order of its call', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }), async (sizes) => {
        const calls = sizes.map(events);
        const sequences = await Promise.all(calls.map((call) => publisher.publish(call)));
        const stored = await storedIds(nc);
        calls.forEach((call, index) => {
          expect(sequences[index]).toEqual(sequences[index]!.toSorted((a, b) => a - b));
          expect(sequences[index]!.map((sequence) => stored[sequence - 1])).toEqual(call.map(({ id }) => id));
        });
      }),
      { numRuns: 15 },
    );
  });

  it('writes CloudEvents that decode to the published events', async () => {
    const event = aSessionSynced({ title: 'NUL \u0000, lone \ud800, 日本' }, { owner, time: 1_700_000_000_123 });
    const [sequence] = await publisher.publish([event]);
    const stored = await (await jetstreamManager(nc)).direct.getMessage('EVENTS', { seq: sequence! });
    expect(stored!.subject).toBe(`osk.events.${owner.workspaceId}.${owner.userId}.session`);
    expect(Object.fromEntries(stored!.header.keys().map((name) => [name, stored!.header.get(name)]))).toMatchObject({
      'ce-specversion': '1.0',
      'ce-id': event.id,
      'ce-type': 'dev.opensync.session.synced.v1',
      'ce-source': 'opensync/test',
      'ce-subject': event.data.sessionId,
      'ce-time': '2023-11-14T22:13:20.123Z',
      'content-type': 'application/json',
    });
    expect(stored!.json()).toEqual(event.data);
  });

  it('sends events of one turn of the event loop together', async () => {
    const { outMsgs } = nc.stats();
    const calls = [publisher.publish(events(1))];
    await Promise.resolve();
    calls.push(publisher.publish(events(1)));
    // The client writes to its socket in the next microtask: once for all events of one turn.
    expect(nc.stats().outMsgs).toBe(outMsgs);
    await setImmediate();
    expect(nc.stats().outMsgs).toBe(outMsgs + 2);
    await Promise.all(calls);
  });

  it('keeps the order of a call that is larger than a batch', async () => {
    const call = events(2500);
    const sequences = await publisher.publish(call);
    const stored = await storedIds(nc);
    expect(sequences.map((sequence) => stored[sequence - 1])).toEqual(call.map(({ id }) => id));
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  });

  it('stores a repeated call once with deduplicate, twice without', async () => {
    const call = events(20);
    const first = await publisher.publish(call, { deduplicate: true });
    expect(await publisher.publish(call, { deduplicate: true })).toEqual(first);
    expect(await storedIds(nc)).toHaveLength(20);
    await publisher.publish(call);
    expect(await storedIds(nc)).toHaveLength(40);
  });

  it('stores a message with its parts once with deduplicate, next to new messages of the call', async () => {
    const [first, second] = [aMessageWithParts(3), aMessageWithParts(2)];
    const sequences = await publisher.publish(first, { deduplicate: true });
    expect(sequences).toEqual([1, 2, 3, 4]);
    expect(await publisher.publish([...first, ...second], { deduplicate: true })).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await publisher.publish(second, { deduplicate: true })).toEqual([5, 6, 7]);
    expect(await storedIds(nc)).toEqual([...first, ...second].map(({ id }) => id));
  });

  it.each([
    ['alone', {}, 1],
    ['among many', {}, 30],
    ['with ids', { deduplicate: true }, 1],
  ])('stores nothing of a message whose parts do not fit into the log: %s', async (_name, options, messages) => {
    await publisher.publish(events(5));
    // Room for the messages, not for their parts.
    await (await jetstreamManager(nc)).streams.update('EVENTS', { max_bytes: 100_000 });
    const calls = Array.from({ length: messages }, () => publisher.publish(aMessageWithParts(3, 150_000), options));
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfter: 30 });
    expect(await storedIds(nc)).toHaveLength(5);
  });

  it('keeps a message with its parts together in a call that is larger than a batch', async () => {
    const call = [...events(990), ...aMessageWithParts(30, 3000), ...aMessageWithParts(1500)];
    const { streams } = await jetstreamManager(nc);
    const sequences = await publisher.publish(call);
    expect(await storedIds(nc)).toEqual(call.map(({ id }) => id));
    expect(sequences).toEqual(call.map((_event, index) => index + 1));
    const batchOf = async (sequence: number) =>
      (await streams.getMessage('EVENTS', { seq: sequence }))!.header.get('Nats-Batch-Id');
    const [message, last] = [await batchOf(991), await batchOf(1021)];
    expect(message).not.toBe('');
    expect(message).toBe(last);
  });

  it('rejects with UNAVAILABLE when the stream is full', async () => {
    await (await jetstreamManager(nc)).streams.update('EVENTS', { max_bytes: 20_000 });
    const error = { code: 'UNAVAILABLE', retryAfter: 30 };
    const one = await Promise.all(
      events(100).map((event) =>
        publisher.publish([event]).then(
          () => 'stored',
          (reason: unknown) => reason,
        ),
      ),
    );
    for (const outcome of one) if (outcome !== 'stored') expect(outcome).toMatchObject(error);
    expect(await storedIds(nc)).toHaveLength(one.filter((outcome) => outcome === 'stored').length);
    await expect(publisher.publish(events(100))).rejects.toMatchObject(error);
  });

  it('rejects only a call with an event that is larger than the log accepts', async () => {
    const large = aMessageSynced({ textContent: 'x'.repeat(1024 * 1024) }, { owner });
    const calls = [publisher.publish([anEvent(), large]), publisher.publish(events(3))];
    await expect(calls[0]).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await expect(calls[1]).resolves.toHaveLength(3);
  });

  it('does not let one event that the stream rejects fail the others of its batch', async () => {
    await (await jetstreamManager(nc)).streams.update('EVENTS', { max_msg_size: 10_000 });
    const large = publisher.publish([aMessageSynced({ textContent: 'x'.repeat(20_000) }, { owner })]);
    const others = Promise.all(events(30).map((event) => publisher.publish([event])));
    await expect(large).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    expect(new Set((await others).flat()).size).toBe(30);
  });

  it('keeps the order of a deduplicated call when its first event was lost and the call is retried', async () => {
    await publisher.close();
    let losing = true;
    // The connection loses the first event of a call, like a server that goes down meanwhile.
    const lossy = new Proxy(nc, {
      get: (target, property) => {
        const member = target[property as keyof LogConnection] as unknown;
        if (typeof member !== 'function') return member;
        if (property !== 'publish') return member.bind(target) as unknown;
        let sent = 0;
        return (...args: Parameters<LogConnection['publish']>) => {
          if (!losing || sent++ > 0 || args[0] !== eventSubject(owner, 'message')) target.publish(...args);
          else losing = false;
        };
      },
    });
    for (const mode of ['plain', 'group'] as const) {
      losing = true;
      const [a, b] = events(2);
      const first = new EventPublisher(lossy, { source: 'opensync/test', mode, ackTimeoutMs: 300 });
      await first.publish([a!, b!], { deduplicate: true }).catch(() => undefined);
      expect(losing).toBe(false);
      const [sequenceOfA, sequenceOfB] = await first.publish([a!, b!], { deduplicate: true });
      expect(sequenceOfA).toBeLessThan(sequenceOfB!);
      const ids = await storedIds(nc);
      expect(ids.filter((id) => id === a!.id || id === b!.id)).toEqual([a!.id, b!.id]);
      await first.close();
    }
    await open();
  });

  it.each([
    ['a deduplicated call', { deduplicate: true }],
    ['a claimed call', { claim: { id: 'a request', fingerprint: 'what it says' } }],
  ])('keeps the order of %s when the log rejects one of its events and accepts it later', async (_name, options) => {
    const { streams } = await jetstreamManager(nc);
    const large = aMessageSynced({ textContent: 'x'.repeat(20_000) }, { owner });
    const call = [anEvent(), large, ...events(3)];
    const { config } = await streams.info('EVENTS');
    await streams.update('EVENTS', { max_msg_size: 10_000 });
    await expect(publisher.publish(call, options)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await streams.update('EVENTS', { max_msg_size: config.max_msg_size });
    expect(await publisher.publish(call, options)).toEqual([1, 2, 3, 4, 5]);
    expect(await storedIds(nc)).toEqual(call.map(({ id }) => id));
  });

  it('rejects at once when too much is pending', async () => {
    await publisher.close();
    // Two thirds are for one owner.
    await open({ maxPendingEvents: 75 });
    const accepted = Promise.all(events(50).map((event) => publisher.publish([event])));
    await expect(publisher.publish([anEvent()])).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfter: 1 });
    await accepted;
    await expect(publisher.publish([anEvent()])).resolves.toHaveLength(1);
  });

  it('counts a whole call from its start, and accepts a single call that is larger than the limit', async () => {
    await publisher.close();
    await open({ maxPendingEvents: 2000 });
    const large = publisher.publish(events(2500));
    expect(publisher.pending).toBe(2500);
    await expect(publisher.publish([anEvent()])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(large).resolves.toHaveLength(2500);
    expect(publisher.pending).toBe(0);
  });

  describe('on a slow log', () => {
    const ANSWER_MS = 500;
    let link: SlowLink;
    let slow: LogConnection;
    beforeEach(async () => {
      link = await slowLink(server.url);
      slow = await connectLog({ servers: link.url, name: 'test' });
      await publisher.close();
      publisher = new EventPublisher(slow, { source: 'opensync/test', mode, ackTimeoutMs: 800 });
      link.answerAfter(ANSWER_MS);
    });
    afterEach(async () => {
      await publisher.close();
      await slow.close();
      await link.close();
    });

    it('waits for the acks and stores everything once', async () => {
      const calls = [...events(30).map((event) => [event]), events(3), events(40)];
      const sequences = (await Promise.all(calls.map((call) => publisher.publish(call)))).flat();
      expect(new Set(sequences).size).toBe(73);
      expect(await storedIds(nc)).toHaveLength(73);
    });

    it('limits a large call to the time of one call', async () => {
      const started = performance.now();
      await expect(publisher.publish(events(2500))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(performance.now() - started).toBeLessThan(10 * ANSWER_MS);
    });

    it('sends the next group although the previous one is unanswered', async () => {
      link.answerAfter(10_000);
      const silent = [publisher.publish(events(20)), waitFor(async () => (await storedIds(nc)).length === 20)];
      const next = silent[1]!.then(() => publisher.publish(events(20)));
      expect((await Promise.allSettled([...silent, next])).map(({ status }) => status)).toEqual([
        'rejected',
        'fulfilled',
        'rejected',
      ]);
      expect(await storedIds(nc)).toHaveLength(40);
    });
  });

  it('answers UNAVAILABLE within its time when no server answers', async () => {
    await publisher.close();
    await open({ ackTimeoutMs: 400 });
    await server.kill();
    const started = performance.now();
    await expect(publisher.publish(events(3))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(publisher.pending).toBe(0);
    await server.restart();
  });

  it('answers UNAVAILABLE when the stream does not exist', async () => {
    await publisher.close();
    await open({ ackTimeoutMs: 300 });
    await (await jetstreamManager(nc)).streams.delete('EVENTS');
    await expect(publisher.publish(events(20))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('finishes accepted calls when it is closed, and accepts no more', async () => {
    const calls = [...events(200).map((event) => publisher.publish([event])), publisher.publish(events(2200))];
    const closed = publisher.close();
    await expect(publisher.publish([anEvent()])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await closed;
    expect((await Promise.all(calls)).flat()).toHaveLength(2400);
    await open();
  });
});

describe.each(['group', 'plain'] as const)('kill -9 of nats-server under load, %s mode', (mode) => {
  it('loses nothing that was acknowledged, and continues after the restart', async () => {
    await using server = await startTestNats({ sync: 'always' });
    const nc = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
    const publisher = new EventPublisher(nc, { source: 'opensync/test', mode });
    const acknowledged = new Map<string, number>();
    let running = true;
    const sent: NewEvent[][] = [];
    const client = async (size: number) => {
      while (running) {
        const call = size > 1 ? aMessageWithParts(size - 1) : events(1);
        sent.push(call);
        const sequences = await publisher.publish(call).catch(() => undefined);
        sequences?.forEach((sequence, index) => acknowledged.set(call[index]!.id, sequence));
      }
    };
    const load = Promise.all([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 40].map(client));
    for (let round = 0; round < 3; round++) {
      // Any moment: within a batch, between two, during an acknowledgement.
      const enough = acknowledged.size + 500 + Math.random() * 200;
      await waitFor(() => acknowledged.size > enough, { what: 'acks', timeoutMs: 20_000, intervalMs: 1 });
      await server.kill();
      await server.restart();
    }
    running = false;
    await load;
    await publisher.close();

    const stored = await storedIds(nc);
    const wrong = [...acknowledged].filter(([id, sequence]) => stored[sequence - 1] !== id);
    expect(acknowledged.size).toBeGreaterThan(1500);
    expect(wrong).toEqual([]);
    // Whether acknowledged or not.
    const ids = new Set(stored);
    const inPart = sent.filter((call) => new Set(call.map(({ id }) => ids.has(id))).size > 1);
    expect(inPart).toEqual([]);
    await nc.close();
  });
});
