import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { backoffMs, isRetryable, reasonOf, retrying } from '@opensync/platform';
import type { LogConnection } from '../connection.ts';
import type { Link } from '../link.ts';
import { DeadLetters, type DeadLetterKind } from '../dead-letters/dead-letters.ts';
import type { ConsumerRef } from '../topology/names.ts';
import { ACK_WAIT_MS } from '../topology/specifications.ts';
import type { Delivery, HeldMessage } from './delivery.ts';
import { namedPauseMs } from './named-pause.ts';
import { Pace } from './pace.ts';
import { BATCH_BYTES, PullSubscription } from './pull-subscription.ts';
import { inSuspectGroups, isSuspect, LETHAL_STARTS, Suspects } from './suspects.ts';
import { BatchTimeoutError, withinLimit } from './within-limit.ts';

export interface Poison {
  readonly delivery: Delivery;
  readonly kind: DeadLetterKind;
  readonly reason: string;
  /**
   * The document that the letter is about, if the rest of the delivery was processed; absent if it is about the whole
   * delivery.
   */
  readonly documentId?: string;
  /** The remaining part of the delivery, as a separate body; absent if the whole body remains. */
  readonly body?: string;
}

/** The outcome of a batch. Deliveries that are not named here are done and acked. */
export interface BatchOutcome {
  /** Can never be processed: each becomes a dead letter. A delivery may produce several letters. */
  readonly poison?: readonly Poison[];
  /** Redelivered later, with a growing delay and out of order. */
  readonly retry?: readonly Delivery[];
  /** Partly done: they stay with the consumer and are part of the next batch, after newer messages. */
  readonly unfinished?: readonly Delivery[];
}

export interface BatchContext {
  /**
   * Reports that part of the batch is done. A handler whose batches take minutes must call it; otherwise its batch
   * times out.
   */
  readonly onProgress: () => void;
  /** Aborted when the handler has been silent for too long and its batch is retried. */
  readonly signal: AbortSignal;
  /** The batch is a replayed dead letter, which is handled while the consumer handles its own batches. */
  readonly isReplay?: boolean;
}

/**
 * Processes deliveries in order of arrival. A retryable AppError (a store is unavailable) means that the same batch
 * is retried in place until it succeeds. Any other error means that a delivery may be poison, so they are tried one
 * by one. If none of many succeeds, the handler is at fault: the consumer stops and dead-letters nothing. A batch may
 * be delivered again after it was processed.
 */
export type BatchHandler = (batch: readonly Delivery[], context: BatchContext) => Promise<BatchOutcome>;

export type ConsumerReport =
  /** The handler cannot proceed and is called again until it can; reported once, until `recovered`. */
  | { readonly kind: 'blocked'; readonly error: unknown }
  | { readonly kind: 'recovered' }
  /** The handler fails on every delivery, so the consumer has stopped; it tries again from time to time. */
  | { readonly kind: 'stopped'; readonly error: unknown; readonly deliveries: number }
  /** The handler threw; the deliveries are tried one by one. */
  | { readonly kind: 'isolating'; readonly error: unknown; readonly deliveries: number }
  | { readonly kind: 'dead-letter'; readonly sequence: number; readonly reason: string }
  /** The server sends no messages, e.g. because the consumer is missing; reported once, until `subscribed`. */
  | { readonly kind: 'unsubscribed'; readonly problem: string }
  | { readonly kind: 'subscribed' };

export interface BatchConsumerOptions {
  readonly consumer: ConsumerRef;
  readonly handler: BatchHandler;
  /** Maximum number of deliveries fetched at a time; default 500. */
  readonly maxBatch?: number | undefined;
  /** Maximum number of deliveries in a batch, including unfinished ones; default maxBatch. */
  readonly maxInHand?: number | undefined;
  readonly report?: (report: ConsumerReport) => void;
  /** How long a handler may be silent before its batch is retried, ms; default 5 minutes. */
  readonly silenceLimitMs?: number;
  /** Pause before a stopped consumer tries again, ms; default 1 minute. */
  readonly stoppedPauseMs?: number;
}

/** For a liveness probe. */
export interface ConsumerHealth {
  readonly consumer: string;
  /** Deliveries held by this process, in progress and waiting. */
  readonly pending: number;
  /** When a batch, or part of one, was last finished, or there was nothing to do; milliseconds since the epoch. */
  readonly lastProgressAt: number;
  /** Deliveries that it finishes in a second of work; absent until that is known. */
  readonly perSecond?: number | undefined;
  /** Why the handler cannot proceed at the moment. Restarting this process does not help. */
  readonly blocked: string | undefined;
  /**
   * Why the consumer has stopped: its handler fails on every delivery, or hangs. A restart may help; a fixed version
   * will.
   */
  readonly stopped?: string | undefined;
  /**
   * Since when the server has sent no messages although the connection is up, e.g. because the consumer is missing;
   * milliseconds since the epoch.
   */
  readonly unsubscribedSince: number | undefined;
}

/** Prefetched batches, so that the next one is ready when one is done. */
const BUFFERED_BATCHES = 4;
/** How often one delivery may make the handler throw before it counts as poison. */
const POISON_ATTEMPTS = 3;
/**
 * After this many failed deliveries in a row the handler counts as broken. Until then no delivery is dead-lettered
 * while others wait: only a success proves that the deliveries, and not the handler, are at fault.
 */
const BROKEN_AFTER = 20;
/** Consecutive timeouts before the process is reported as wedged. */
const HANGING_AFTER = 3;
/** Messages that a handler gets at once, unless it says otherwise. */
const DEFAULT_MAX_BATCH = 500;
const BACKOFF = { firstPauseMs: 50, longestPauseMs: 5000 };
/** Pauses before the server redelivers a message that the handler wants later. */
const REDELIVERY = { firstPauseMs: 1000, longestPauseMs: 60_000 };
const SILENCE_LIMIT_MS = 5 * 60_000;
const STOPPED_PAUSE_MS = 60_000;

/** A delivery that the handler fails on, and the error. */
interface Failed {
  readonly message: HeldMessage;
  readonly error: unknown;
}

/** Feeds the messages of a durable consumer to a handler in batches, one batch at a time. */
export class BatchConsumer {
  readonly #options: BatchConsumerOptions;
  readonly #maxBatch: number;
  readonly #maxInHand: number;
  readonly #deadLetters: DeadLetters;
  readonly #link: Link;
  readonly #pull: PullSubscription;
  readonly #stopping = new AbortController();
  readonly #signs: NodeJS.Timeout;
  readonly #loop: Promise<void>;
  /** In progress and not yet acked. */
  readonly #open = new Set<HeldMessage>();
  /** Open, and part of the next batch. */
  #unfinished: HeldMessage[] = [];
  readonly #suspects: Suspects;
  /** Failed alone since the last success; not yet acked. */
  #unproven: Failed[] = [];
  #failuresInARow = 0;
  #timeoutsInARow = 0;
  #stopped: string | undefined;
  #wake: (() => void) | undefined;
  readonly #pace = new Pace();
  /** Of the batches under way. */
  #finished = 0;
  #lastProgressAt = Date.now();
  #blocked: string | undefined;
  #problem: { readonly text: string; readonly since: number } | undefined;

  constructor(nc: LogConnection, options: BatchConsumerOptions) {
    this.#options = options;
    this.#maxBatch = options.maxBatch ?? DEFAULT_MAX_BATCH;
    this.#maxInHand = Math.max(this.#maxBatch, options.maxInHand ?? 0);
    this.#deadLetters = new DeadLetters(nc);
    this.#suspects = new Suspects(nc, options.consumer);
    this.#link = nc.link;
    this.#pull = new PullSubscription(nc, {
      consumer: options.consumer,
      capacity: this.#maxBatch * BUFFERED_BATCHES,
      inWork: this.#open,
      onArrival: () => this.#wake?.(),
      onProblem: (problem) => this.#onProblem(problem),
    });
    this.#signs = setInterval(() => this.#signOfLife(), ACK_WAIT_MS / 6);
    this.#loop = this.#run();
  }

  health(): ConsumerHealth {
    const pending = this.#open.size + this.#pull.buffered.length;
    return {
      consumer: this.#options.consumer.durable,
      pending,
      perSecond: this.#pace.perSecond(),
      lastProgressAt: pending === 0 ? Date.now() : this.#lastProgressAt,
      blocked: this.#blocked ?? this.#problem?.text,
      stopped: this.#stopped ?? (this.#timeoutsInARow >= HANGING_AFTER ? 'its batches hang' : undefined),
      unsubscribedSince:
        this.#problem && this.#link.up ? Math.max(this.#problem.since, this.#link.changedAt) : undefined,
    };
  }

  /** Fetches no more messages, finishes the current batch and returns the rest. May be called again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const message of this.#pull.stop()) message.nak();
    this.#wake?.();
    await this.#loop;
    clearInterval(this.#signs);
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const batch = this.#nextBatch();
      if (batch.length === 0) {
        if (this.#unproven.length > 0) {
          // No other delivery could prove these to be poison, so they must not wait. Check again afterwards: a
          // message that arrives, or a requested stop, wakes nothing meanwhile.
          await this.#buryUnproven();
          continue;
        }
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#onProgress();
        continue;
      }
      const startedAt = performance.now();
      this.#finished = 0;
      await this.#processInGroups(batch);
      this.#pace.done(this.#finished, performance.now() - startedAt);
      this.#onProgress();
      // The next batch is ready; the event loop must still receive messages.
      if (this.#unfinished.length > 0) await setImmediate();
    }
    this.#giveBack(this.#unproven.map(({ message }) => message));
    this.#giveBack(this.#unfinished.splice(0));
  }

  /** New messages first, then unfinished ones. */
  #nextBatch(): HeldMessage[] {
    const unfinished = this.#unfinished;
    const room = Math.min(this.#maxBatch, this.#maxInHand - unfinished.length);
    const bytes = unfinished.reduce((sum, { size }) => sum + size, 0);
    const arrived = room > 0 && bytes < BATCH_BYTES ? this.#pull.take(room) : [];
    for (const message of arrived) this.#open.add(message);
    this.#unfinished = [];
    return [...arrived, ...unfinished];
  }

  async #processInGroups(batch: readonly HeldMessage[]): Promise<void> {
    const groups = inSuspectGroups(batch);
    for (let group = groups.shift(); group; group = groups.shift()) {
      await this.#process(group);
      // A handler that leaves work may take its time for each group: new messages need not wait for all of them.
      if (this.#unfinished.length === 0 || this.#pull.buffered.length === 0) continue;
      this.#unfinished.unshift(...groups.flat());
      return;
    }
  }

  /** Resolves when each message of the batch is acked, or among the unproven. */
  async #process(batch: readonly HeldMessage[]): Promise<void> {
    if (this.#stopping.signal.aborted) return this.#giveBack(batch);
    const failure = await this.#try(batch);
    if (!failure) return;
    if (batch.length > 1) {
      this.#options.report?.({ kind: 'isolating', error: failure.error, deliveries: batch.length });
      for (const message of batch) await this.#process([message]);
      return;
    }
    const [message] = batch;
    for (let attempt = 1; attempt < POISON_ATTEMPTS; attempt++) {
      await this.#wait(backoffMs(attempt, BACKOFF));
      if (this.#stopping.signal.aborted) return this.#giveBack(batch);
      if (!(await this.#try(batch))) return;
    }
    this.#unproven.push({ message: message!, error: failure.error });
    this.#failuresInARow++;
    if (this.#failuresInARow >= BROKEN_AFTER) await this.#stopUntilItWorks();
  }

  /** Acks the batch if it can be processed, or if the consumer stops; otherwise resolves with the handler's error. */
  async #try(batch: readonly HeldMessage[]): Promise<{ readonly error: unknown } | undefined> {
    let outcome: BatchOutcome | undefined;
    try {
      outcome = await this.#untilUnblocked(() => this.#handle(batch));
    } catch (error) {
      return { error };
    }
    if (outcome === undefined) {
      this.#giveBack(batch);
      return undefined;
    }
    await this.#settle(batch, outcome);
    this.#failuresInARow = 0;
    await this.#buryUnproven();
    return undefined;
  }

  async #handle(batch: readonly HeldMessage[]): Promise<BatchOutcome> {
    const [suspect] = batch.length === 1 && isSuspect(batch[0]!) ? batch : [];
    if (!suspect) return this.#callHandler(batch);
    const unfinished = await this.#suspects.start(suspect.sequence);
    try {
      if (unfinished < LETHAL_STARTS) return await this.#callHandler(batch);
      const reason = `${unfinished} processes ended while they processed this message alone`;
      return { poison: [{ delivery: suspect, kind: 'lethal', reason }] };
    } finally {
      await this.#suspects.finish(suspect.sequence);
    }
  }

  async #callHandler(batch: readonly HeldMessage[]): Promise<BatchOutcome> {
    const limitMs = this.#options.silenceLimitMs ?? SILENCE_LIMIT_MS;
    const limit = { limitMs, deliveries: batch.length, onProgress: () => this.#onProgress() };
    try {
      const outcome = await withinLimit((context) => this.#options.handler(batch, context), limit);
      this.#timeoutsInARow = 0;
      return outcome;
    } catch (error) {
      this.#timeoutsInARow = error instanceof BatchTimeoutError ? this.#timeoutsInARow + 1 : 0;
      throw error;
    }
  }

  /**
   * The handler fails on every delivery because of a bug or a broken environment: nothing is dead-lettered, the order
   * is kept, liveness fails, and the first failed delivery is retried periodically.
   */
  async #stopUntilItWorks(): Promise<void> {
    const failed = this.#unproven;
    this.#unproven = [];
    let { error } = failed.at(-1)!;
    this.#options.report?.({ kind: 'stopped', error, deliveries: failed.length });
    for (;;) {
      this.#stopped = `fails on every message: ${reasonOf(error)}`;
      await this.#wait(this.#options.stoppedPauseMs ?? STOPPED_PAUSE_MS);
      if (this.#stopping.signal.aborted) return this.#giveBack(failed.map(({ message }) => message));
      const failure = await this.#try([failed[0]!.message]);
      // Also if the consumer stops meanwhile: that message is returned then.
      if (!failure) break;
      ({ error } = failure);
    }
    if (this.#stopping.signal.aborted) return this.#giveBack(failed.slice(1).map(({ message }) => message));
    this.#stopped = undefined;
    this.#options.report?.({ kind: 'recovered' });
    for (const { message } of failed.slice(1)) await this.#process([message]);
  }

  async #buryUnproven(): Promise<void> {
    const failed = this.#unproven;
    this.#unproven = [];
    for (const { message, error } of failed) {
      await this.#bury(message, [{ delivery: message, kind: 'failed', reason: reasonOf(error) }]);
    }
  }

  async #settle(batch: readonly HeldMessage[], outcome: BatchOutcome): Promise<void> {
    const poison = Map.groupBy(outcome.poison ?? [], ({ delivery }) => delivery);
    const retry = new Set(outcome.retry);
    const unfinished = new Set(outcome.unfinished);
    for (const message of batch) {
      if (poison.has(message)) continue;
      if (unfinished.has(message)) {
        this.#unfinished.push(message);
        continue;
      }
      if (retry.has(message)) message.nak(backoffMs(message.attempts, REDELIVERY));
      else {
        message.ack();
        this.#finished++;
      }
      this.#open.delete(message);
    }
    for (const message of batch) {
      const letters = poison.get(message);
      if (letters) await this.#bury(message, letters);
    }
  }

  /** Terminates a message only after the dead-letter stream has stored it, so that a crash in between loses nothing. */
  async #bury(message: HeldMessage, letters: readonly Poison[]): Promise<void> {
    const { durable: consumer } = this.#options.consumer;
    try {
      for (const letter of letters) {
        const stored = await this.#untilUnblocked(() => this.#deadLetters.bury(message, { consumer, ...letter }));
        if (stored === undefined) return this.#giveBack([message]);
      }
    } catch (error) {
      // Even the dead-letter stream rejects it. It must neither be lost nor block the others.
      this.#options.report?.({ kind: 'isolating', error, deliveries: 1 });
      message.nak(REDELIVERY.longestPauseMs);
      this.#open.delete(message);
      return;
    }
    message.term();
    this.#open.delete(message);
    for (const { reason } of letters) {
      this.#options.report?.({ kind: 'dead-letter', sequence: message.sequence, reason });
    }
  }

  /** Repeats work that throws retryable errors; resolves with undefined if stopped meanwhile. */
  async #untilUnblocked<T extends object>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await retrying(work, {
        ...BACKOFF,
        pauseOf: (error) => namedPauseMs(error, BACKOFF.longestPauseMs),
        signal: this.#stopping.signal,
        onRetry: (error) => {
          if (this.#blocked === undefined) this.#options.report?.({ kind: 'blocked', error });
          this.#blocked = reasonOf(error);
        },
      });
      if (this.#blocked !== undefined) this.#options.report?.({ kind: 'recovered' });
      this.#blocked = undefined;
      return result;
    } catch (error) {
      // Its dependencies may be stopping at the same time. That needs no report: the batch goes to another process.
      if (this.#stopping.signal.aborted && isRetryable(error)) return undefined;
      throw error;
    }
  }

  #giveBack(batch: readonly HeldMessage[]): void {
    for (const message of batch) {
      message.nak();
      this.#open.delete(message);
    }
  }

  /** Waits for a time, or until the consumer is stopped. */
  async #wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #onProgress(): void {
    this.#lastProgressAt = Date.now();
  }

  /** Messages held here, in progress or not, must not be redelivered to another process meanwhile. */
  #signOfLife(): void {
    const before = performance.now() - ACK_WAIT_MS / 3;
    for (const messages of [this.#open, this.#pull.buffered]) {
      for (const message of messages) if (message.touchedAt < before) message.working();
    }
  }

  #onProblem(problem: string | undefined): void {
    if ((problem === undefined) === (this.#problem === undefined)) return;
    this.#problem = problem === undefined ? undefined : { text: problem, since: Date.now() };
    this.#options.report?.(problem === undefined ? { kind: 'subscribed' } : { kind: 'unsubscribed', problem });
  }
}
