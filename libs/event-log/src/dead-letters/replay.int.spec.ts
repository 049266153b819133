import { setImmediate } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { AppError } from '@opensync/platform';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { headers } from '@nats-io/transport-node';
import { connectLog, type LogConnection } from '../connection.ts';
import { BatchConsumer, type BatchHandler } from '../consume/batch-consumer.ts';
import type { Delivery } from '../consume/delivery.ts';
import { CONSUMER } from '../topology/names.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { DeadLetters, type DeadLetter } from './dead-letters.ts';
import { ReplayResponder, requestReplay } from './replay.ts';

const SUBJECT = 'osk.events.w.u.session';
const consumer = CONSUMER.documents.durable;

let server: TestNats;
let nc: LogConnection;
let deadLetters: DeadLetters;
let responders: ReplayResponder[];

beforeEach(async () => {
  server = await startTestNats();
  nc = await connectLog({ servers: server.url, name: 'test' });
  await reconcileTopology(nc, { replicas: 1 });
  deadLetters = new DeadLetters(nc);
  responders = [];
});
afterEach(async () => {
  await Promise.all(responders.map((responder) => responder.stop()));
  await nc.close();
  await server.stop();
});

function answerWith(handler: BatchHandler): void {
  responders.push(new ReplayResponder(nc, { consumer, handler, deadLetters }));
}

/** The third event of the log, as a dead letter. */
async function aDeadLetter(body: string | Uint8Array = 'poison'): Promise<DeadLetter> {
  const type = headers();
  type.set('ce-type', 'a type');
  for (const before of ['1', '2']) await jetstream(nc).publish(SUBJECT, before);
  await jetstream(nc).publish(SUBJECT, body, { headers: type });
  const burying = new BatchConsumer(nc, {
    consumer: CONSUMER.documents,
    handler: async (batch) => ({
      poison: batch
        .filter((delivery) => delivery.sequence === 3)
        .map((delivery) => ({ delivery, kind: 'malformed' as const, reason: 'unreadable' })),
    }),
  });
  const [letter] = await waitFor(async () => {
    const letters = await deadLetters.list();
    return letters.length > 0 && letters;
  });
  await burying.stop();
  return (await deadLetters.get(letter!.sequence))!;
}

describe('replay of dead letters', () => {
  it('gives a letter to its projection as the original event, and deletes it on success', async () => {
    const letter = await aDeadLetter();
    const seen: Delivery[] = [];
    answerWith(async (batch) => {
      seen.push(...batch);
      return {};
    });
    expect(await requestReplay(nc, letter)).toEqual({ kind: 'processed' });
    expect(seen).toMatchObject([{ subject: SUBJECT, sequence: 3, attempts: 2 }]);
    expect([seen[0]!.body(), seen[0]!.header('ce-type'), seen[0]!.header('constructor')]).toEqual([
      'poison',
      'a type',
      undefined,
    ]);
    expect(await deadLetters.list()).toEqual([]);
    expect(await requestReplay(nc, letter)).toEqual({ kind: 'missing' });
  });

  it.each<[string, BatchHandler]>([
    [
      'is poison still',
      async ([delivery]) => ({ poison: [{ delivery: delivery!, kind: 'malformed', reason: 'still unreadable' }] }),
    ],
    ['makes the projection throw', () => Promise.reject(new TypeError('still unreadable'))],
  ])('keeps a letter that %s, unchanged and with the attempt counted', async (_, handler) => {
    const letter = await aDeadLetter(Buffer.alloc(nc.info!.max_payload - 1000, 0xff));
    answerWith(handler);
    let { sequence } = letter;
    for (const attempts of [2, 3]) {
      const outcome = await requestReplay(nc, { consumer, sequence });
      expect(outcome).toMatchObject({ kind: 'failed', reason: 'still unreadable', attempts });
      const letters = await deadLetters.list();
      expect(letters).toHaveLength(1);
      const { time: _time, ...kept } = (await deadLetters.get(letters[0]!.sequence))!;
      expect(kept).toMatchObject({ ...outcomeless(letter), reason: 'still unreadable', attempts });
      expect(Buffer.compare(kept.body, letter.body)).toBe(0);
      sequence = kept.sequence;
      expect(outcome).toMatchObject({ sequence });
    }
  });

  it('leaves a letter unchanged if a store is unavailable or nobody runs the projection', async () => {
    const letter = await aDeadLetter();
    expect(await requestReplay(nc, letter)).toEqual({
      kind: 'unavailable',
      reason: expect.stringContaining('no projector of documents answers'),
    });
    answerWith(() => Promise.reject(new AppError('UNAVAILABLE', 'the documents store does not answer')));
    expect(await requestReplay(nc, letter)).toEqual({
      kind: 'unavailable',
      reason: 'the documents store does not answer',
    });
    expect(await deadLetters.list()).toHaveLength(1);
    expect(await deadLetters.get(letter.sequence)).toEqual(letter);
  });

  it('gives a letter as many turns as it needs, and tells the projection that it is a letter', async () => {
    const letter = await aDeadLetter();
    const replays: unknown[] = [];
    answerWith(async (batch, { isReplay }) => {
      replays.push(isReplay);
      return { unfinished: replays.length < 4 ? batch : [] };
    });
    expect(await requestReplay(nc, letter)).toEqual({ kind: 'processed' });
    expect(replays).toEqual([true, true, true, true]);
  });

  it('leaves a letter unchanged if the projector stops before the letter has had all its turns', async () => {
    const letter = await aDeadLetter();
    const begun = Promise.withResolvers<AbortSignal>();
    let turns = 0;
    answerWith(async (batch, { signal }) => {
      begun.resolve(signal);
      await setImmediate();
      return { unfinished: ++turns < 5000 ? batch : [] };
    });
    const outcome = requestReplay(nc, letter);
    const signal = await begun.promise;
    await responders[0]!.stop();
    expect(signal.aborted).toBe(true);
    expect(await outcome).toEqual({ kind: 'unavailable', reason: 'the projector is stopping' });
    expect(await deadLetters.get(letter.sequence)).toEqual(letter);
  });

  it('never gives a letter to the projection of another consumer', async () => {
    const letter = await aDeadLetter();
    responders.push(
      new ReplayResponder(nc, {
        consumer: 'search',
        handler: () => Promise.reject(new Error('must not be asked')),
        deadLetters,
      }),
    );
    expect(await requestReplay(nc, { consumer: 'search', sequence: letter.sequence })).toEqual({ kind: 'missing' });
  });

  it('drops a letter permanently, once, at any position', async () => {
    const sequences: number[] = [];
    for (let at = 0; at < 5; at++) sequences.push((await jetstream(nc).publish('osk.dlq.documents', 'letter')).seq);
    for (const at of [2, 4, 0, 3, 1]) {
      expect(await deadLetters.drop(sequences[at]!)).toBe(true);
      expect(await deadLetters.drop(sequences[at]!)).toBe(false);
    }
    expect(await deadLetters.drop(999)).toBe(false);
    expect(await deadLetters.list()).toEqual([]);
  });
});

/** The facts of a letter that must not change. */
function outcomeless({ consumer, originalSequence, originalSubject, headers }: DeadLetter) {
  return { consumer, originalSequence, originalSubject, headers };
}
