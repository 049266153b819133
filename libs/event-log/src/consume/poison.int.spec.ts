import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { AppError } from '@opensync/platform';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { DeadLetters } from '../dead-letters/dead-letters.ts';
import { ProjectionProgress } from '../progress/projection-progress.ts';
import { CONSUMER, SUSPECT_BUCKET } from '../topology/names.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { BatchConsumer, type BatchConsumerOptions, type BatchHandler, type ConsumerReport } from './batch-consumer.ts';
import type { Delivery } from './delivery.ts';
import { isMakingProgress } from './reports.ts';

const SUBJECT = 'osk.events.w.u.session';

let server: TestNats;
let nc: LogConnection;
let open: { stop(): Promise<void> }[];
let reports: ConsumerReport[];
/** Resolves at the end of a test, so that hanging handlers leave nothing behind. */
let end: PromiseWithResolvers<void>;

beforeEach(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  open = [];
  reports = [];
  end = Promise.withResolvers();
});
afterEach(async () => {
  end.resolve();
  await Promise.all(open.map((consumer) => consumer.stop()));
  await nc.close();
  await server.stop();
});

function consume(
  handler: BatchHandler,
  options: Partial<BatchConsumerOptions> = {},
  connection: LogConnection = nc,
): BatchConsumer {
  const report = (event: ConsumerReport) => void reports.push(event);
  const consumer = new BatchConsumer(connection, { consumer: CONSUMER.documents, handler, report, ...options });
  open.push(consumer);
  return consumer;
}

async function publish(count: number, from = 1): Promise<void> {
  const client = jetstream(nc);
  for (let n = from; n < from + count; n++) await client.publish(SUBJECT, String(n));
}

const applied = () => new ProjectionProgress(nc).applied(CONSUMER.documents);
const letters = () => new DeadLetters(nc).list();
const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, index) => String(index + from));

const has = (body: string) => (batch: readonly Delivery[]) => batch.some((delivery) => delivery.body() === body);

/** The server redelivers a connection's messages as soon as this consumer's ack wait is over. */
async function shortenAckWait(): Promise<void> {
  const manager = await jetstreamManager(nc);
  const { config } = await manager.consumers.info('EVENTS', 'documents');
  await manager.consumers.update('EVENTS', 'documents', { ...config, ack_wait: 150_000_000 });
}

/**
 * A process with a consumer that dies on a batch for which `isLethal` holds: its connection closes with everything
 * unacked, as for a killed process.
 */
async function processThatDiesOf(isLethal: (batch: readonly Delivery[]) => boolean, done: Set<string>): Promise<void> {
  const connection = await connectLog({ servers: server.url, name: 'mortal' });
  const died = Promise.withResolvers<void>();
  consume(
    async (batch) => {
      if (isLethal(batch)) {
        await connection.close();
        died.resolve();
        await end.promise;
      }
      for (const delivery of batch) done.add(delivery.body());
      return {};
    },
    { maxBatch: 100 },
    connection,
  );
  await died.promise;
}

describe('a message that kills the process', () => {
  it('is isolated and dead-lettered with its reason, and everything else is processed', async () => {
    await shortenAckWait();
    await publish(30);
    const done = new Set<string>();
    // Together, in smaller groups, then alone as often as needed to be sure.
    for (let life = 0; life < 6; life++) await processThatDiesOf(has('13'), done);
    consume(async (batch) => {
      for (const delivery of batch) {
        expect(delivery.body()).not.toBe('13');
        done.add(delivery.body());
      }
      return {};
    });
    await waitFor(async () => (await applied()) === 30);
    expect([...done].toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers(30).filter((body) => body !== '13'));
    expect(await letters()).toMatchObject([
      {
        originalSequence: 13,
        kind: 'lethal',
        reason: '3 processes ended while they processed this message alone',
      },
    ]);
    expect(await (await new Kvm(nc).open(SUSPECT_BUCKET)).history().then((entries) => entries.getPending())).toBe(0);
  });

  it('is not suspected if processes die for other reasons', async () => {
    await shortenAckWait();
    await publish(10);
    const done = new Set<string>();
    // As with an operator's kill: once messages come alone, each process dies with a different one.
    for (let life = 0; life < 8; life++) {
      let calls = 0;
      await processThatDiesOf(([first]) => first!.attempts < 4 || ++calls === 2, done);
    }
    consume(async (batch) => {
      for (const delivery of batch) done.add(delivery.body());
      return {};
    });
    await waitFor(async () => (await applied()) === 10);
    expect(done.size).toBe(10);
    expect(await letters()).toEqual([]);
  });
});

describe('a handler that fails on every message', () => {
  it('stops the consumer loudly, dead-letters nothing and keeps the order', async () => {
    await publish(200);
    let broken = true;
    const done: string[] = [];
    const consumer = consume(
      async (batch) => {
        if (broken) throw new TypeError('a bug of ours');
        done.push(...batch.map((delivery) => delivery.body()));
        return {};
      },
      { maxBatch: 50, stoppedPauseMs: 20 },
    );
    await waitFor(() => consumer.health().stopped, { timeoutMs: 30_000 });
    expect(consumer.health().stopped).toBe('fails on every message: a bug of ours');
    expect(isMakingProgress([consumer.health()], Date.now())).toBe(false);
    expect(reports.filter(({ kind }) => kind === 'stopped')).toHaveLength(1);
    broken = false;
    await waitFor(async () => (await applied()) === 200);
    expect(done).toEqual(numbers(200));
    expect(await letters()).toEqual([]);
    expect(consumer.health().stopped).toBeUndefined();
    expect(isMakingProgress([consumer.health()], Date.now())).toBe(true);
    expect(reports.at(-1)).toEqual({ kind: 'recovered' });
  });

  it('returns everything when it is asked to stop meanwhile', async () => {
    await publish(40);
    const consumer = consume(
      async () => {
        throw new TypeError('a bug of ours');
      },
      { maxBatch: 40, stoppedPauseMs: 60_000 },
    );
    await waitFor(() => consumer.health().stopped, { timeoutMs: 30_000 });
    await consumer.stop();
    const done: string[] = [];
    consume(async (batch) => {
      done.push(...batch.map((delivery) => delivery.body()));
      return {};
    });
    await waitFor(async () => (await applied()) === 40);
    expect(done.toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers(40));
    expect(await letters()).toEqual([]);
  });

  it('still dead-letters a few poison messages, with or without others behind them', async () => {
    await publish(3);
    const poisonous = new Set(['2', '3', '5']);
    consume(async (batch) => {
      if (batch.some((delivery) => poisonous.has(delivery.body()))) throw new TypeError('cannot read it');
      return {};
    });
    await waitFor(async () => (await applied()) === 3);
    await publish(3, 4);
    await waitFor(async () => (await applied()) === 6);
    expect((await letters()).map(({ originalSequence, kind }) => [originalSequence, kind])).toEqual([
      [2, 'failed'],
      [3, 'failed'],
      [5, 'failed'],
    ]);
  });
});

describe('a message that arrives while a lone poison message is dead-lettered', () => {
  /** A consumer that needs until `release` to dead-letter the first message. */
  async function burying(release: Promise<void>) {
    const begun = Promise.withResolvers<void>();
    const connection = new Proxy(nc, {
      get: (target, property) => {
        const member = target[property as keyof LogConnection] as unknown;
        if (typeof member !== 'function') return member;
        if (property !== 'request') return member.bind(target) as unknown;
        return async (...args: Parameters<LogConnection['request']>) => {
          if (args[0].startsWith('osk.dlq.')) {
            begun.resolve();
            await release;
          }
          return target.request(...args);
        };
      },
    });
    const done: string[] = [];
    const consumer = consume(
      async (batch) => {
        if (batch.some((delivery) => delivery.body() === '1')) throw new TypeError('cannot read it');
        done.push(...batch.map((delivery) => delivery.body()));
        return {};
      },
      {},
      connection,
    );
    await publish(1);
    await begun.promise;
    return { consumer, done };
  }

  it('is processed, although nothing follows it', async () => {
    const release = Promise.withResolvers<void>();
    const { consumer, done } = await burying(release.promise);
    await publish(1, 2);
    await waitFor(() => consumer.health().pending === 2);
    release.resolve();
    await waitFor(() => done.length === 1);
    expect(done).toEqual(['2']);
  });

  it('does not block a stop', async () => {
    const release = Promise.withResolvers<void>();
    const { consumer } = await burying(release.promise);
    const stopped = consumer.stop();
    release.resolve();
    await stopped;
    expect(await letters()).toMatchObject([{ originalSequence: 1, kind: 'failed' }]);
  });
});

describe('a handler that hangs', () => {
  it('times out after its silence, and its batch is retried', async () => {
    await publish(5);
    const signals: AbortSignal[] = [];
    const done: string[] = [];
    const consumer = consume(
      async (batch, { signal }) => {
        signals.push(signal);
        if (signals.length === 1) await end.promise;
        done.push(...batch.map((delivery) => delivery.body()));
        return {};
      },
      { silenceLimitMs: 50 },
    );
    await waitFor(async () => (await applied()) === 5);
    expect(done).toEqual(numbers(5));
    expect(signals[0]!.aborted).toBe(true);
    expect(signals.at(-1)!.aborted).toBe(false);
    expect(reports).toMatchObject([
      {
        kind: 'blocked',
        error: { message: expect.stringMatching(/^no progress for 0\.05 s on a batch of \d messages?$/) },
      },
      { kind: 'recovered' },
    ]);
    expect(consumer.health().stopped).toBeUndefined();
  });

  it('fails liveness if it hangs repeatedly', async () => {
    await publish(1);
    const consumer = consume(() => end.promise.then(() => ({})), { silenceLimitMs: 20 });
    await waitFor(() => consumer.health().stopped === 'its batches hang');
    expect(isMakingProgress([consumer.health()], Date.now())).toBe(false);
  });

  it('has all the time it needs while it reports progress', async () => {
    await publish(1);
    let calls = 0;
    consume(
      async (_batch, { onProgress, signal }) => {
        calls++;
        const start = performance.now();
        await waitFor(() => {
          onProgress();
          return performance.now() - start > 300 || signal.aborted;
        });
        return {};
      },
      { silenceLimitMs: 200 },
    );
    await waitFor(async () => (await applied()) === 1);
    expect(calls).toBe(1);
  });
});

describe('letters about one delivery', () => {
  it('are one per document that could not be processed, each found by its document', async () => {
    await publish(2);
    const consumer = 'documents';
    consume(async (batch) => ({
      poison: batch
        .filter((delivery) => delivery.sequence === 1)
        .flatMap((delivery) =>
          ['msg_a', 'msg_b'].map((id) => ({
            delivery,
            kind: 'refused' as const,
            reason: `refuses ${id}`,
            documentId: id,
            body: id,
          })),
        ),
    }));
    await waitFor(async () => (await applied()) === 2);
    const dlq = new DeadLetters(nc);
    expect((await dlq.list({ consumer })).map(({ documentId }) => documentId)).toEqual(['msg_a', 'msg_b']);
    expect(await dlq.about(consumer, 'msg_b')).toMatchObject({ kind: 'refused', originalSequence: 1 });
    expect(await dlq.about(consumer, 2)).toBeUndefined();
    expect(await dlq.about('search', 'msg_b')).toBeUndefined();
  });

  it('without keys, from earlier versions, are listed with the others, in order', async () => {
    await jetstream(nc).publish('osk.dlq.documents', 'old');
    await publish(1);
    consume(async (batch) => ({
      poison: batch.map((delivery) => ({ delivery, kind: 'malformed' as const, reason: 'new' })),
    }));
    await waitFor(async () => (await applied()) === 1);
    const found = await new DeadLetters(nc).list({ consumer: 'documents' });
    expect(found.map(({ consumer, kind, reason }) => [consumer, kind, reason])).toEqual([
      ['documents', 'failed', ''],
      ['documents', 'malformed', 'new'],
    ]);
  });
});

it('treats a rejection by one of our own stores as poison, not as an outage', async () => {
  await publish(2);
  consume(async (batch) => {
    if (batch.some((delivery) => delivery.body() === '1')) throw new AppError('INVALID_REQUEST', 'refused');
    return {};
  });
  await waitFor(async () => (await applied()) === 2);
  expect(await letters()).toMatchObject([{ originalSequence: 1, kind: 'failed', reason: 'refused' }]);
});
