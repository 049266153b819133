import { setImmediate } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { AppError } from '@opensync/platform';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { headers } from '@nats-io/transport-node';
import { connectLog, type LogConnection } from '../connection.ts';
import { DeadLetters } from '../dead-letters/dead-letters.ts';
import { ProjectionProgress } from '../progress/projection-progress.ts';
import { EncodedHeaders } from '../publish/wire.ts';
import { CONSUMER } from '../topology/names.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { ACK_WAIT_MS } from '../topology/specifications.ts';
import { BatchConsumer, type BatchConsumerOptions, type BatchHandler, type ConsumerReport } from './batch-consumer.ts';
import type { Delivery } from './delivery.ts';

const SUBJECT = 'osk.events.w.u.session';

let server: TestNats;
let nc: LogConnection;
let consumers: BatchConsumer[];
let reports: ConsumerReport[];

beforeEach(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  consumers = [];
  reports = [];
});
afterEach(async () => {
  await Promise.all(consumers.map((consumer) => consumer.stop()));
  await nc.close();
  await server.stop();
});

function consume(handler: BatchHandler, options: Partial<BatchConsumerOptions> = {}): BatchConsumer {
  const report = (event: ConsumerReport) => void reports.push(event);
  const consumer = new BatchConsumer(nc, { consumer: CONSUMER.documents, handler, report, ...options });
  consumers.push(consumer);
  return consumer;
}

async function publish(count: number, from = 1): Promise<void> {
  const client = jetstream(nc);
  for (let n = from; n < from + count; n++) await client.publish(SUBJECT, String(n));
}

const applied = () => new ProjectionProgress(nc).applied(CONSUMER.documents);
const openAcks = async () => (await (await jetstreamManager(nc)).consumers.info('EVENTS', 'documents')).num_ack_pending;
const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, index) => String(index + from));

describe('BatchConsumer', () => {
  it('delivers messages in order, in batches of at most maxBatch, and acks them', async () => {
    await publish(120);
    const batches: string[][] = [];
    const consumer = consume(
      async (batch) => {
        batches.push(batch.map((delivery) => delivery.body()));
        return {};
      },
      { maxBatch: 50 },
    );
    await waitFor(async () => (await applied()) === 120);
    expect(batches.flat()).toEqual(numbers(120));
    expect(batches.every((batch) => batch.length <= 50)).toBe(true);
    expect(consumer.health()).toMatchObject({ consumer: 'documents', pending: 0, blocked: undefined });
  });

  it('keeps unfinished messages unacked, and delivers them again after newer ones', async () => {
    await publish(3);
    const batches: string[][] = [];
    consume(
      async (batch) => {
        batches.push(batch.map((delivery) => delivery.body()));
        if (batches.length === 2) await publish(2, 4);
        if (batches.at(-1)!.includes('5')) return {};
        // The second one is done at once.
        return { unfinished: batch.filter((delivery) => delivery.body() !== '2') };
      },
      { maxBatch: 2, maxInHand: 10 },
    );
    await waitFor(async () => (await applied()) === 5);
    expect(batches[0]).toEqual(['1', '2']);
    expect(batches[1]).toEqual(['3', '1']);
    expect(new Set(batches.at(-1))).toEqual(new Set(['1', '3', '4', '5']));
    const third = batches.findIndex((batch) => batch.includes('4'));
    expect(batches[third]!.indexOf('4')).toBeLessThan(batches[third]!.indexOf('1'));
    expect(await openAcks()).toBe(0);
  });

  it('holds at most maxInHand messages, and fetches more when some are done', async () => {
    await publish(40);
    const sizes: number[] = [];
    const done = new Set<string>();
    consume(
      async (batch) => {
        sizes.push(batch.length);
        const [oldest] = batch.toSorted((a, b) => a.sequence - b.sequence);
        done.add(oldest!.body());
        return { unfinished: batch.filter((delivery) => delivery !== oldest) };
      },
      { maxBatch: 4, maxInHand: 12 },
    );
    await waitFor(async () => (await applied()) === 40);
    expect(Math.max(...sizes)).toBe(12);
    expect(done.size).toBe(40);
  });

  it('holds a message once, however often the server redelivers it, and does not suspect it', async () => {
    const manager = await jetstreamManager(nc);
    const { config } = await manager.consumers.info('EVENTS', 'documents');
    // Shorter than the pause between two signs of life, which is like an outage for held messages.
    await manager.consumers.update('EVENTS', 'documents', { ...config, ack_wait: 150_000_000 });
    await publish(6);
    const batches: (readonly Delivery[])[] = [];
    let held = true;
    const consumer = consume(
      async (batch) => {
        batches.push(batch);
        await setImmediate();
        return { unfinished: held ? batch : [] };
      },
      { maxBatch: 2, maxInHand: 4 },
    );
    const deliveredAgain = async () => (await manager.consumers.info('EVENTS', 'documents')).delivered.consumer_seq;
    await waitFor(async () => (await deliveredAgain()) >= 5 * 6);
    expect(consumer.health().pending).toBe(6);
    held = false;
    await waitFor(async () => (await applied()) === 6);
    for (const batch of batches) expect(new Set(batch.map(({ sequence }) => sequence)).size).toBe(batch.length);
    expect(new Set(batches.flat().map(({ attempts }) => attempts))).toEqual(new Set([1]));
    expect(new Set(batches.flat()).size).toBe(6);
    expect(await openAcks()).toBe(0);
    expect(consumer.health().pending).toBe(0);
  });

  it('returns unfinished messages to other consumers when it stops', async () => {
    await publish(6);
    const first = consume(async (batch) => ({ unfinished: batch }), { maxBatch: 2, maxInHand: 6 });
    await waitFor(async () => (await openAcks()) === 6);
    await first.stop();
    const seen = new Set<string>();
    consume(async (batch) => {
      for (const delivery of batch) seen.add(delivery.body());
      return {};
    });
    await waitFor(async () => (await applied()) === 6);
    expect(seen.size).toBe(6);
  });

  it('processes new messages in between those that it processes alone because earlier processes died with them', async () => {
    await publish(5);
    // Three deliveries that were never acked.
    for (let attempt = 0; attempt < 3; attempt++) {
      const messages = await (await jetstream(nc).consumers.get('EVENTS', 'documents')).fetch({ max_messages: 5 });
      for await (const message of messages) message.nak();
    }
    const turns: string[][] = [];
    let published = false;
    consume(
      async (batch) => {
        turns.push(batch.map((delivery) => delivery.body()));
        if (!published) {
          published = true;
          await publish(1, 6);
        }
        return { unfinished: turns.length < 30 ? batch.filter((delivery) => delivery.body() !== '6') : [] };
      },
      { maxBatch: 10, maxInHand: 20 },
    );
    await waitFor(() => turns.flat().includes('6'));
    const at = turns.findIndex((batch) => batch.includes('6'));
    expect(turns.slice(0, at).every((batch) => batch.length === 1)).toBe(true);
    await waitFor(async () => (await applied()) === 6);
    expect(new Set(turns.slice(0, at).flat()).size).toBeLessThan(6);
  });

  it('delivers at most 8 MiB at once', async () => {
    const client = jetstream(nc);
    const sizes = Array.from({ length: 28 }, () => 512 * 1024);
    for (const size of sizes) await client.publish(SUBJECT, Buffer.alloc(size, 'x'));
    const batches: number[][] = [];
    const consumer = consume(async (batch) => {
      // Until all of the others wait, too.
      await waitFor(() => batches.length > 0 || consumer.health().pending === sizes.length);
      batches.push(batch.map((delivery) => delivery.body().length));
      return {};
    });
    await waitFor(async () => (await applied()) === sizes.length);
    expect(batches.flat()).toEqual(sizes);
    const largest = Math.max(...batches.map((batch) => batch.reduce((sum, size) => sum + size, 0)));
    expect(largest).toBeLessThanOrEqual(8 * 1024 * 1024);
    // Not one by one either.
    expect(largest).toBeGreaterThan(7 * 1024 * 1024);
  });

  it('shows subject, sequence, attempts and headers of a delivery', async () => {
    const withHeader = headers();
    withHeader.set('ce-type', 'a type');
    await jetstream(nc).publish(SUBJECT, 'body é', { headers: withHeader });
    const seen: unknown[] = [];
    consume(async ([delivery]) => {
      const { subject, sequence, attempts } = delivery!;
      seen.push({ subject, sequence, attempts, body: delivery!.body(), type: delivery!.header('ce-type') });
      return {};
    });
    await waitFor(() => seen.length === 1);
    expect(seen).toEqual([{ subject: SUBJECT, sequence: 1, attempts: 1, body: 'body é', type: 'a type' }]);
    expect(reports).toEqual([]);
  });

  it('waits out a retryable error in place, keeps the order, and reports it once', async () => {
    await publish(30);
    const done: string[] = [];
    let calls = 0;
    consume(
      async (batch) => {
        if (++calls <= 4) throw new AppError('UNAVAILABLE', 'the store is away');
        done.push(...batch.map((delivery) => delivery.body()));
        return {};
      },
      { maxBatch: 10 },
    );
    await waitFor(async () => (await applied()) === 30);
    expect(done).toEqual(numbers(30));
    expect(reports.map(({ kind }) => kind)).toEqual(['blocked', 'recovered']);
  });

  it('tells a liveness probe why it cannot proceed', async () => {
    await publish(5);
    const consumer = consume(async () => {
      throw new AppError('UNAVAILABLE', 'the store is away');
    });
    await waitFor(() => consumer.health().blocked === 'the store is away');
    expect(consumer.health().pending).toBe(5);
  });

  it('dead-letters poison messages in full, and processes the rest', async () => {
    const poison = headers();
    poison.set('ce-type', 'unknown');
    poison.set('Nats-Msg-Id', 'once');
    await publish(3);
    await jetstream(nc).publish(SUBJECT, 'poison \u0000 é', { headers: poison });
    await publish(3, 5);
    const done: string[] = [];
    consume(async (batch) => {
      const bad = batch.filter((delivery) => delivery.header('ce-type') === 'unknown');
      done.push(...batch.filter((delivery) => !bad.includes(delivery)).map((delivery) => delivery.body()));
      return {
        poison: bad.map((delivery) => ({
          delivery,
          kind: 'malformed' as const,
          reason: 'unknown event type:\r\n "unknown"',
        })),
      };
    });
    await waitFor(async () => (await applied()) === 7);
    expect(done).toEqual(['1', '2', '3', '5', '6', '7']);

    const deadLetters = new DeadLetters(nc);
    const [letter, ...others] = await deadLetters.list({ consumer: 'documents' });
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      consumer: 'documents',
      reason: 'unknown event type: "unknown"',
      originalSequence: 4,
      originalSubject: SUBJECT,
      attempts: 1,
      headers: { 'ce-type': 'unknown' },
    });
    const whole = await deadLetters.get(letter!.sequence);
    expect(whole).toMatchObject(letter!);
    expect(Buffer.from(whole!.body).toString()).toBe('poison \u0000 é');
    expect(await deadLetters.list({ after: letter!.sequence })).toEqual([]);
    expect(await deadLetters.get(99)).toBeUndefined();
    expect(await deadLetters.list({ consumer: 'search' })).toEqual([]);
  });

  it('dead-letters only the remaining part of a partly processed message', async () => {
    await publish(3);
    consume(async (batch) => ({
      poison: batch
        .filter((delivery) => delivery.sequence === 2)
        .map((delivery) => ({ delivery, kind: 'malformed' as const, reason: 'half of it', body: 'the other half' })),
    }));
    await waitFor(async () => (await applied()) === 3);
    const letters = await new DeadLetters(nc).list();
    expect(letters).toMatchObject([{ originalSequence: 2, originalSubject: SUBJECT, reason: 'half of it' }]);
    expect(Buffer.from((await new DeadLetters(nc).get(letters[0]!.sequence))!.body).toString()).toBe('the other half');
  });

  it('dead-letters only the delivery that makes the handler throw', async () => {
    await publish(20);
    const done: string[] = [];
    consume(async (batch) => {
      if (batch.some((delivery) => delivery.body() === '13')) throw new TypeError('cannot read 13');
      done.push(...batch.map((delivery) => delivery.body()));
      return {};
    });
    await waitFor(async () => (await applied()) === 20);
    expect(done).toEqual(numbers(20).filter((body) => body !== '13'));
    const letters = await new DeadLetters(nc).list();
    expect(letters).toMatchObject([{ originalSequence: 13, reason: 'cannot read 13' }]);
  });

  it('dead-letters poison of the largest size with its body in the payload store', async () => {
    const body = Buffer.alloc(nc.info!.max_payload, 0xff);
    await jetstream(nc).publish(SUBJECT, body);
    consume(async (batch) => ({
      poison: batch.map((delivery) => ({ delivery, kind: 'malformed' as const, reason: 'not text' })),
    }));
    const [letter] = await waitFor(async () => {
      const letters = await new DeadLetters(nc).list();
      return letters.length > 0 && letters;
    });
    expect(letter!.bytes).toBe(body.length);
    expect(Buffer.compare((await new DeadLetters(nc).get(letter!.sequence))!.body, body)).toBe(0);
    await waitFor(async () => (await applied()) === 1);
  });

  it('dead-letters a message with unreadable headers', async () => {
    await publish(1);
    nc.publish(SUBJECT, 'body', { headers: new EncodedHeaders('NATS/1.0\r\nno header name: x\r\n') });
    await publish(1, 3);
    const done: string[] = [];
    consume(async (batch) => {
      const poison = batch.filter((delivery) => delivery.body() === 'body');
      done.push(...batch.filter((delivery) => !poison.includes(delivery)).map((delivery) => delivery.body()));
      return {
        poison: poison.map((delivery) => ({
          delivery,
          kind: 'malformed',
          reason: `type ${delivery.header('ce-type')}`,
        })),
      };
    });
    await waitFor(async () => (await applied()) === 3);
    expect(done).toEqual(['1', '3']);
    const [letter] = await new DeadLetters(nc).list();
    expect(letter).toMatchObject({ originalSequence: 2, headers: {}, reason: 'type undefined' });
    expect(Buffer.from((await new DeadLetters(nc).get(letter!.sequence))!.body).toString()).toBe('body');
  });

  it('redelivers messages that the handler wants to retry, without blocking the others', async () => {
    await publish(5);
    const order: string[] = [];
    consume(async (batch) => {
      order.push(...batch.map((delivery) => `${delivery.body()}#${delivery.attempts}`));
      return { retry: batch.filter((delivery) => delivery.body() === '2' && delivery.attempts === 1) };
    });
    await waitFor(async () => (await applied()) === 5);
    expect(order).toEqual(['1#1', '2#1', '3#1', '4#1', '5#1', '2#2']);
  });

  it('finishes the current batch when it is stopped, and returns the rest at once', async () => {
    await publish(100);
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    let inWork = 0;
    const first = consume(
      async (batch) => {
        inWork += batch.length;
        await gate;
        return {};
      },
      { maxBatch: 10 },
    );
    await waitFor(() => inWork > 0 && first.health().pending > 10);
    const stopped = first.stop();
    open();
    await stopped;
    expect(inWork).toBeLessThanOrEqual(10);

    const rest: string[] = [];
    consume(async (batch) => {
      rest.push(...batch.map((delivery) => delivery.body()));
      return {};
    });
    await waitFor(async () => (await applied()) === 100, { timeoutMs: ACK_WAIT_MS / 2 });
    expect(rest.toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers(100 - inWork, inWork + 1));
  });

  it('stops while its store is unavailable, and returns the batch', async () => {
    await publish(10);
    const consumer = consume(async () => {
      throw new AppError('UNAVAILABLE', 'the store is away');
    });
    await waitFor(() => consumer.health().blocked);
    await consumer.stop();
    expect(await applied()).toBe(0);
    consume(async () => ({}));
    await waitFor(async () => (await applied()) === 10, { timeoutMs: ACK_WAIT_MS / 2 });
  });

  it('counts reported parts of a batch as progress', async () => {
    await publish(1);
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    let part: (() => void) | undefined;
    const consumer = consume(async (_batch, { onProgress }) => {
      part = onProgress;
      await gate;
      return {};
    });
    await waitFor(() => part);
    const before = consumer.health().lastProgressAt;
    await waitFor(() => Date.now() > before);
    expect(consumer.health().lastProgressAt).toBe(before);
    part!();
    expect(consumer.health()).toMatchObject({ pending: 1, lastProgressAt: expect.any(Number) });
    expect(consumer.health().lastProgressAt).toBeGreaterThan(before);
    open();
  });

  it('holds a batch longer than the ack wait without losing it to another consumer', async () => {
    await publish(10);
    const attempts: number[] = [];
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const startedAt = performance.now();
    consume(
      async (batch) => {
        attempts.push(...batch.map((delivery) => delivery.attempts));
        await gate;
        return {};
      },
      { maxBatch: 5 },
    );
    await waitFor(() => attempts.length > 0);
    // After the ack wait the server gives a message to the next requester; a second consumer requests all the time.
    consume(async (batch) => {
      attempts.push(...batch.map((delivery) => delivery.attempts));
      return {};
    });
    await waitFor(() => performance.now() - startedAt > 1.3 * ACK_WAIT_MS, { timeoutMs: 2 * ACK_WAIT_MS });
    open();
    await waitFor(async () => (await applied()) === 10);
    expect(attempts).toEqual(Array(10).fill(1));
  });

  it('continues after the server was killed and restarted during processing', async () => {
    const done = new Set<string>();
    consume(
      async (batch) => {
        for (const delivery of batch) done.add(delivery.body());
        return {};
      },
      { maxBatch: 20 },
    );
    await publish(100);
    await waitFor(() => done.size >= 50);
    await server.restart();
    await waitFor(() => nc.link.up);
    await publish(50, 101);
    await waitFor(() => done.size === 150, { timeoutMs: 15_000 });
    await waitFor(async () => (await openAcks()) === 0, { timeoutMs: 15_000 });
  });

  it('continues after its durable consumer was deleted and recreated', async () => {
    const done: string[] = [];
    consume(async (batch) => {
      done.push(...batch.map((delivery) => delivery.body()));
      return {};
    });
    await publish(3);
    await waitFor(() => done.length === 3);
    await (await jetstreamManager(nc)).consumers.delete('EVENTS', 'documents');
    await waitFor(() => reports.some(({ kind }) => kind === 'unsubscribed'));
    await reconcileTopology(nc, { replicas: 1 });
    await publish(1, 4);
    await waitFor(() => done.includes('4'));
    expect(reports.filter(({ kind }) => kind === 'unsubscribed')).toHaveLength(1);
    await waitFor(() => reports.at(-1)?.kind === 'subscribed');
  });
});
