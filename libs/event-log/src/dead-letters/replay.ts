import { AppError, isRetryable, reasonOf } from '@opensync/platform';
import type { Msg } from '@nats-io/transport-node';
import { z } from 'zod';
import type { LogConnection } from '../connection.ts';
import type { BatchContext, BatchHandler } from '../consume/batch-consumer.ts';
import type { Delivery } from '../consume/delivery.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';

/** What became of a dead letter that was given back to its projection. */
const replayOutcomeSchema = z.discriminatedUnion('kind', [
  /** Processed; it is gone from the dead letters. */
  z.object({ kind: z.literal('processed') }),
  /** Failed again; it lies there under a new sequence, with the attempt counted. */
  z.object({ kind: z.literal('failed'), reason: z.string(), sequence: z.number(), attempts: z.number() }),
  /** A store or the log is away, which is not the letter's fault: it lies there as before. */
  z.object({ kind: z.literal('unavailable'), reason: z.string() }),
  /** There is no such letter (any more). */
  z.object({ kind: z.literal('missing') }),
]);
export type ReplayOutcome = z.infer<typeof replayOutcomeSchema>;

/** Request/reply subject of the processes that run a consumer's projection. The body is a letter's sequence. */
const subjectOf = (consumer: string) => `osk.replay.${consumer}`;
const QUEUE = 'projectors';
/** A projection may have to wait for the embedder, which may have to load its model. */
const ANSWER_MS = 150_000;

/**
 * Asks the process that runs the letter's projection to process it now, with the sequence and subject that it had: for the
 * fold it is the same event, in its old place. Nothing is on the way in between: the letter stays where it is until
 * it is processed.
 */
export async function requestReplay(
  nc: LogConnection,
  { consumer, sequence }: Pick<DeadLetter, 'consumer' | 'sequence'>,
): Promise<ReplayOutcome> {
  try {
    const answer = await nc.request(subjectOf(consumer), String(sequence), { timeout: ANSWER_MS });
    return replayOutcomeSchema.parse(answer.json());
  } catch (error) {
    return { kind: 'unavailable', reason: `no projector of ${consumer} answers (${reasonOf(error)})` };
  }
}

/** Processes the dead letters of one consumer that somebody wants replayed, beside the consumer itself. */
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
    const subscription = nc.subscribe(subjectOf(consumer), {
      queue: QUEUE,
      callback: (error, request) => {
        if (error) return;
        const work = this.#answer(request).finally(() => this.#open.delete(work));
        this.#open.add(work);
      },
    });
    this.#stopListening = () => subscription.unsubscribe();
  }

  /** Takes no more requests and answers those that it has; a letter that needs further turns stays where it is. */
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
    request.respond(JSON.stringify(outcome));
  }

  async #replay(sequence: number): Promise<ReplayOutcome> {
    if (!Number.isSafeInteger(sequence)) return { kind: 'missing' };
    let letter: DeadLetter | undefined;
    try {
      letter = await this.#deadLetters.get(sequence);
    } catch (error) {
      if (isRetryable(error)) throw error;
      // Its body is lost: that is for good, and the letters behind it must not wait for it.
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

  /** Why it failed; nothing where it did not. Throws where that is nobody's fault. */
  async #process(delivery: Delivery): Promise<{ reason: string } | undefined> {
    // No watch over its progress: the client waits, and gives up by itself.
    const context: BatchContext = { onProgress: () => undefined, signal: this.#stopping.signal, isReplay: true };
    try {
      for (;;) {
        const { poison = [], retry = [], unfinished = [] } = await this.#handler([delivery], context);
        if (retry.length > 0) throw new Error('the projection wants it later');
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
