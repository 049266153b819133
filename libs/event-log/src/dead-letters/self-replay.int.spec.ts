import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import type { BatchHandler } from '../consume/batch-consumer.ts';
import { BatchConsumer } from '../consume/batch-consumer.ts';
import { CONSUMER } from '../topology/names.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { DeadLetters } from './dead-letters.ts';
import { ReplayResponder } from './replay.ts';
import { replayByItself, type SelfReplayOptions } from './self-replay.ts';

const consumer = CONSUMER.documents.durable;

let server: TestNats;
let nc: LogConnection;
let deadLetters: DeadLetters;
let ends: (() => Promise<void>)[];

beforeEach(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  deadLetters = new DeadLetters(nc);
  ends = [];
});
afterEach(async () => {
  for (const end of ends.toReversed()) await end();
  await nc.close();
  await server.stop();
});

/** Dead-letters these bodies, each under the kind that it names. */
async function bury(...bodies: ('unknown-type' | 'not-embedded' | 'failed')[]): Promise<void> {
  for (const body of bodies) await jetstream(nc).publish('osk.events.w.u.session', body);
  const buried = new BatchConsumer(nc, {
    consumer: CONSUMER.documents,
    handler: async (batch) => ({
      poison: batch.map((delivery) => ({ delivery, kind: delivery.body() as 'failed', reason: 'not now' })),
    }),
  });
  await waitFor(async () => (await deadLetters.list()).length === bodies.length);
  await buried.stop();
}

function respond(handler: BatchHandler): void {
  const responder = new ReplayResponder(nc, { consumer, handler, deadLetters });
  ends.push(() => responder.stop());
}

function replay(options: Partial<SelfReplayOptions>): void {
  ends.push(replayByItself(nc, { consumers: [consumer], replayAt: () => 0, everyMs: 10, ...options }));
}

it('replays the letters that are due, and leaves the others to an operator', async () => {
  await bury('unknown-type', 'failed', 'not-embedded');
  const processed: string[] = [];
  respond(async ([delivery]) => {
    processed.push(delivery!.body());
    return {};
  });
  replay({ replayAt: ({ kind }) => (kind === 'failed' ? undefined : 0) });
  await waitFor(async () => (await deadLetters.list()).length === 1);
  expect(processed).toEqual(['unknown-type', 'not-embedded']);
  expect(await deadLetters.list()).toMatchObject([{ kind: 'failed' }]);
});

it('waits until a process can handle them', async () => {
  await bury('unknown-type');
  const due: number[] = [];
  replay({ replayAt: () => due.push(0) && 0 });
  await waitFor(() => due.length > 0);
  expect(await deadLetters.list()).toHaveLength(1);
  respond(async () => ({}));
  await waitFor(async () => (await deadLetters.list()).length === 0);
});

it('retries a letter that failed again as often as its attempts allow', async () => {
  await bury('not-embedded');
  const attempts: number[] = [];
  respond(async ([delivery]) => {
    attempts.push(delivery!.attempts);
    return { poison: [{ delivery: delivery!, kind: 'not-embedded', reason: 'still not' }] };
  });
  const asked: number[] = [];
  replay({
    replayAt: (letter) => {
      asked.push(letter.attempts);
      return letter.attempts < 3 ? letter.time : undefined;
    },
  });
  await waitFor(() => asked.length === 3);
  expect([attempts, asked]).toEqual([
    [2, 3],
    [1, 2, 3],
  ]);
  expect(await deadLetters.list()).toMatchObject([{ kind: 'not-embedded', reason: 'still not', attempts: 3 }]);
});

it('skips a letter whose large body is lost', async () => {
  const body = Buffer.alloc(nc.info!.max_payload, 'x');
  await jetstream(nc).publish('osk.events.w.u.session', body);
  const buried = new BatchConsumer(nc, {
    consumer: CONSUMER.documents,
    handler: async (batch) => ({
      poison: batch.map((delivery) => ({ delivery, kind: 'unknown-type', reason: 'not now' })),
    }),
  });
  await waitFor(async () => (await deadLetters.list()).length === 1);
  await buried.stop();
  await (await jetstreamManager(nc)).streams.purge('PAYLOADS');
  await jetstream(nc).publish('osk.events.w.u.session', 'unknown-type');
  const behind = new BatchConsumer(nc, {
    consumer: CONSUMER.documents,
    handler: async (batch) => ({
      poison: batch.map((delivery) => ({ delivery, kind: 'unknown-type', reason: 'not now' })),
    }),
  });
  const processed: string[] = [];
  respond(async ([delivery]) => {
    processed.push(delivery!.body());
    return {};
  });
  replay({});
  await waitFor(() => processed.length === 1);
  await behind.stop();
  expect(processed).toEqual(['unknown-type']);
});

it('ends although the log is unavailable', async () => {
  replay({});
  await server.kill();
  await ends.pop()!();
  await server.restart();
});
