import { replaySubject } from '@opensync/contracts';
import { AppError, isRetryable, reasonOf } from '@opensync/platform';
import type { Msg } from '@nats-io/transport-node';
import { z } from 'zod';
import { answerTo, ask } from '../asking.ts';
import type { LogConnection } from '../connection.ts';
import type { BatchContext, BatchHandler } from '../consume/batch-consumer.ts';
import type { Delivery } from '../consume/delivery.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';

/** The outcome of a dead letter's replay. */
const replayOutcomeSchema = z.discriminatedUnion('kind', [
  /** Processed; the letter is deleted. */
  z.object({ kind: z.literal('processed') }),
  /** Failed again; it has a new sequence and one more attempt. */
  z.object({ kind: z.literal('failed'), reason: z.string(), sequence: z.number(), attempts: z.number() }),
  /** A store or the log is unavailable, which is not the letter's fault: it stays unchanged. */
  z.object({ kind: z.literal('unavailable'), reason: z.string() }),
  /** The letter does not exist (any more). */
  z.object({ kind: z.literal('missing') }),
]);
export type ReplayOutcome = z.infer<typeof replayOutcomeSchema>;

const QUEUE = 'projectors';
/** A projection may have to wait for the embedder, which may have to load its model. */
const ANSWER_MS = 150_000;

/**
 * Asks the process that runs the letter's projection to process it now, with its original sequence and subject: the
 * fold treats it as the same event, in its original place. The letter stays in the stream until it is processed.
 */
export async function requestReplay(
  nc: LogConnection,
  { consumer, sequence }: Pick<DeadLetter, 'consumer' | 'sequence'>,
): Promise<ReplayOutcome> {
  try {
    const answer = await ask(nc, replaySubject(consumer), String(sequence), ANSWER_MS);
    return replayOutcomeSchema.parse(answer.json());
  } catch (error) {
    return { kind: 'unavailable', reason: `no projector of ${consumer} answers (${reasonOf(error)})` };
  }
}

/** Processes dead letters of one consumer on request, in parallel with the consumer. */
export class ReplayResponder {
  readonly #deadLetters: DeadLetters;
  readonly #consumer: string;
  readonly #handler: BatchHandler;
  readonly #stopListening: () => void;
  readonly #open = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(
    nc: LogConnection,
    { consumer, handler, deadLetters }: { consumer: string; handler: BatchHandler; deadLetters: DeadLetters },
  ) {
    this.#deadLetters = deadLetters;
    this.#consumer = consumer;
    this.#handler = handler;
    const subscription = nc.subscribe(replaySubject(consumer), {
      queue: QUEUE,
      callback: (error, request) => {
        if (error) return;
        const work = this.#answer(request).finally(() => this.#open.delete(work));
        this.#open.add(work);
      },
    });
    this.#stopListening = () => subscription.unsubscribe();
  }

  /** Accepts no more requests and answers the pending ones; a letter that needs further turns stays in the stream. */
  async stop(): Promise<void> {
    this.#stopListening();
    this.#stopping.abort();
    await Promise.all(this.#open);
  }

  async #answer(request: Msg): Promise<void> {
    const outcome = await this.#replay(Number(request.string())).catch((error: unknown): ReplayOutcome => ({
      kind: 'unavailable',
      reason: reasonOf(error),
    }));
    answerTo(request, JSON.stringify(outcome));
  }

  async #replay(sequence: number): Promise<ReplayOutcome> {
    if (!Number.isSafeInteger(sequence)) return { kind: 'missing' };
    let letter: DeadLetter | undefined;
    try {
      letter = await this.#deadLetters.get(sequence);
    } catch (error) {
      if (isRetryable(error)) throw error;
      // Its body is lost permanently, and the letters behind it must not wait for it.
      return this.#returnFailed(sequence, reasonOf(error));
    }
    if (letter?.consumer !== this.#consumer) return { kind: 'missing' };
    const failure = await this.#process(deliveryOf(letter));
    if (failure) return this.#returnFailed(sequence, failure.reason);
    await this.#deadLetters.drop(sequence);
    return { kind: 'processed' };
  }

  async #returnFailed(sequence: number, reason: string): Promise<ReplayOutcome> {
    const returned = await this.#deadLetters.returnFailed(sequence, reason);
    return returned ? { kind: 'failed', reason, ...returned } : { kind: 'missing' };
  }

  /** Why it failed; undefined if it did not. Throws if the letter is not at fault. */
  async #process(delivery: Delivery): Promise<{ reason: string } | undefined> {
    // No progress limit: the client waits and times out on its own.
    const context: BatchContext = { onProgress: () => undefined, signal: this.#stopping.signal, isReplay: true };
    try {
      for (;;) {
        const { poison = [], retry = [], unfinished = [] } = await this.#handler([delivery], context);
        if (retry.length > 0) throw new Error('the projection asked to retry the message later');
        if (unfinished.length === 0) return poison[0];
        if (this.#stopping.signal.aborted) throw new AppError('UNAVAILABLE', 'the projector is stopping');
      }
    } catch (error) {
      if (isRetryable(error)) throw error;
      return { reason: reasonOf(error) };
    }
  }
}

function deliveryOf({ originalSubject, originalSequence, attempts, headers, body }: DeadLetter): Delivery {
  return {
    subject: originalSubject,
    sequence: originalSequence,
    attempts: attempts + 1,
    header: (name) => (Object.hasOwn(headers, name) ? headers[name] : undefined),
    body: () => Buffer.from(body).toString('utf8'),
  };
}
