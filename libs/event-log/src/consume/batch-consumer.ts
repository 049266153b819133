import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { backoffMs, isRetryable, reasonOf, retrying } from '@opensync/platform';
import type { LogConnection } from '../connection.ts';
import type { Link } from '../link.ts';
import { DeadLetters, type DeadLetterKind } from '../dead-letters/dead-letters.ts';
import type { ConsumerRef } from '../topology/names.ts';
import { ACK_WAIT_MS } from '../topology/specifications.ts';
import type { Delivery, HeldMessage } from './delivery.ts';
import { BATCH_BYTES, PullSubscription } from './pull-subscription.ts';
import { inSuspectGroups, isSuspect, LETHAL_STARTS, Suspects } from './suspects.ts';
import { BatchTimeoutError, withinLimit } from './within-limit.ts';

export interface Poison {
  readonly delivery: Delivery;
  readonly kind: DeadLetterKind;
  readonly reason: string;
  /** The document that the letter is about, if the rest of the delivery was processed; absent: the whole delivery. */
  readonly documentId?: string;
  /** The part of the delivery that is left to do, as a body of its own; absent: the whole body. */
  readonly body?: string;
}

/** What became of a batch. Deliveries that are not named here are done and acked. */
export interface BatchOutcome {
  /** Can never be processed: each goes to the dead letters. A delivery may leave several letters. */
  readonly poison?: readonly Poison[];
  /** Delivered again later, after a growing delay and out of order. */
  readonly retry?: readonly Delivery[];
  /** Done in part: they stay in hand and come again with the next batch, behind what has arrived meanwhile. */
  readonly unfinished?: readonly Delivery[];
}

export interface BatchContext {
  /** Reports that part of the batch is done. A handler whose batches take minutes must call it: a silent one is given up. */
  readonly onProgress: () => void;
  /** Aborted when the handler has been silent for too long and the batch is tried again. */
  readonly signal: AbortSignal;
  /** The batch is a dead letter that is given back, while the consumer's own batches are handled beside it. */
  readonly isReplay?: boolean;
}

/**
 * Processes deliveries in order of arrival. A thrown AppError that is retryable (a store is away) means: the same
 * batch again, in place, until it succeeds. Any other error means that one of the deliveries may be poison: they are
 * tried one by one. If none of many succeeds, the fault is the handler's: the consumer stops and buries nothing. A batch
 * may come again after it was processed.
 */
export type BatchHandler = (batch: readonly Delivery[], context: BatchContext) => Promise<BatchOutcome>;

export type ConsumerReport =
  /** The handler cannot proceed and is called again until it can; told once, until `recovered`. */
  | { readonly kind: 'blocked'; readonly error: unknown }
  | { readonly kind: 'recovered' }
  /** The handler fails on every delivery, so the consumer has stopped; it tries again from time to time. */
  | { readonly kind: 'stopped'; readonly error: unknown; readonly deliveries: number }
  /** The handler threw; the deliveries are tried one by one. */
  | { readonly kind: 'isolating'; readonly error: unknown; readonly deliveries: number }
  | { readonly kind: 'dead-letter'; readonly sequence: number; readonly reason: string }
  /** The server gives no messages, e.g. because the consumer is gone; told once, until `subscribed`. */
  | { readonly kind: 'unsubscribed'; readonly problem: string }
  | { readonly kind: 'subscribed' };

export interface BatchConsumerOptions {
  readonly consumer: ConsumerRef;
  readonly handler: BatchHandler;
  /** Most deliveries that are taken at a time; default 500. */
  readonly maxBatch?: number | undefined;
  /** Most deliveries in a batch, with those that the handler has left unfinished; default maxBatch. */
  readonly maxInHand?: number | undefined;
  readonly report?: (report: ConsumerReport) => void;
  /** Longest silence of a handler before its batch is tried again, ms; default 5 minutes. */
  readonly silenceLimitMs?: number;
  /** Pause before a stopped consumer tries again, ms; default 1 minute. */
  readonly stoppedPauseMs?: number;
}

/** For a liveness probe. */
export interface ConsumerHealth {
  readonly consumer: string;
  /** Deliveries held here, in work and waiting. */
  readonly pending: number;
  /** When a batch, or part of one, was last finished, or nothing was there to do; milliseconds since the epoch. */
  readonly lastProgressAt: number;
  /** Why the handler cannot proceed, while it cannot. A restart of this process does not help then. */
  readonly blocked: string | undefined;
  /** Why the consumer has stopped: its handler fails on everything, or hangs. A restart may help, a new version will. */
  readonly stopped?: string | undefined;
  /**
   * Since when the server gives it no messages, e.g. because the consumer is gone, although the connection is up;
   * milliseconds since the epoch.
   */
  readonly unsubscribedSince: number | undefined;
}

/** Prefetched batches: enough that the next one is there when one is done. */
const BUFFERED_BATCHES = 4;
/** How often one delivery may make the handler throw before it is taken for poison. */
const POISON_ATTEMPTS = 3;
/**
 * So many deliveries fail one after the other, without a success in between, before the handler is taken for broken. Until
 * then none of them is buried if others wait: a success is what proves that they, and not the handler, are at fault.
 */
const BROKEN_AFTER = 20;
/** Time-outs in a row before the process is reported as wedged. */
const HANGING_AFTER = 3;
const BACKOFF = { firstPauseMs: 50, longestPauseMs: 5000 };
/** Of a message that its handler asks for again later, by the server. */
const REDELIVERY = { firstPauseMs: 1000, longestPauseMs: 60_000 };
const SILENCE_LIMIT_MS = 5 * 60_000;
const STOPPED_PAUSE_MS = 60_000;

/** A delivery that the handler fails on, and why. */
interface Failed {
  readonly message: HeldMessage;
  readonly error: unknown;
}

/** Feeds the messages of a durable consumer to a handler in batches: whatever has arrived, one batch at a time. */
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
  /** In work and not answered yet. */
  readonly #open = new Set<HeldMessage>();
  /** Open, and for the next batch. */
  #unfinished: HeldMessage[] = [];
  readonly #suspects: Suspects;
  /** Failed alone since the last success; not answered yet. */
  #unproven: Failed[] = [];
  #failuresInARow = 0;
  #timeoutsInARow = 0;
  #stopped: string | undefined;
  #wake: (() => void) | undefined;
  #lastProgressAt = Date.now();
  #blocked: string | undefined;
  #problem: { readonly text: string; readonly since: number } | undefined;

  constructor(nc: LogConnection, options: BatchConsumerOptions) {
    this.#options = options;
    this.#maxBatch = options.maxBatch ?? 500;
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
      lastProgressAt: pending === 0 ? Date.now() : this.#lastProgressAt,
      blocked: this.#blocked ?? this.#problem?.text,
      stopped: this.#stopped ?? (this.#timeoutsInARow >= HANGING_AFTER ? 'its batches hang' : undefined),
      unsubscribedSince:
        this.#problem && this.#link.up ? Math.max(this.#problem.since, this.#link.changedAt) : undefined,
    };
  }

  /** Takes no more messages, finishes the batch in work and gives back the rest. May be called again. */
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
          // Nothing else is there that could prove these to be poison: they must not wait for it. Then looks again: a message
          // that arrives, or a stop that is asked for, wakes nobody meanwhile.
          await this.#buryUnproven();
          continue;
        }
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#onProgress();
        continue;
      }
      await this.#processInGroups(batch);
      this.#onProgress();
      // The next batch is there already; messages must arrive all the same.
      if (this.#unfinished.length > 0) await setImmediate();
    }
    this.#giveBack(this.#unproven.map(({ message }) => message));
    this.#giveBack(this.#unfinished.splice(0));
  }

  /** What has arrived, then what is unfinished. */
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
      // Each group of a handler that leaves work may take its time: what has arrived need not wait for all of them.
      if (this.#unfinished.length === 0 || this.#pull.buffered.length === 0) continue;
      this.#unfinished.unshift(...groups.flat());
      return;
    }
  }

  /** Resolves when each message of the batch is answered, or is among the unproven. */
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

  /** Answers the batch if it can be processed, or if the consumer stops; resolves with what the handler threw otherwise. */
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
   * The handler fails on everything, which is a bug of ours or of this machine: nothing is buried, the order is kept,
   * liveness fails, and the first of the failed is tried again from time to time.
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
      // Also when the consumer stops meanwhile: that message is given back then.
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
      else message.ack();
      this.#open.delete(message);
    }
    for (const message of batch) {
      const letters = poison.get(message);
      if (letters) await this.#bury(message, letters);
    }
  }

  /** Ends a message only after the dead letters have it, so that a crash between the two loses nothing. */
  async #bury(message: HeldMessage, letters: readonly Poison[]): Promise<void> {
    const { durable: consumer } = this.#options.consumer;
    try {
      for (const letter of letters) {
        const stored = await this.#untilUnblocked(() => this.#deadLetters.bury(message, { consumer, ...letter }));
        if (stored === undefined) return this.#giveBack([message]);
      }
    } catch (error) {
      // Not even the dead letters take it. It must neither be lost nor hold up the others.
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

  /** Repeats what throws retryable errors; resolves with undefined when stopped meanwhile. */
  async #untilUnblocked<T extends object>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await retrying(work, {
        ...BACKOFF,
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
      // What it needs may be stopping with it: that is no news, and the batch goes to another process.
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

  /** Waits, or until the consumer is stopped. */
  async #wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #onProgress(): void {
    this.#lastProgressAt = Date.now();
  }

  /** Messages that wait here, in work or not, must not be given to another meanwhile. */
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
