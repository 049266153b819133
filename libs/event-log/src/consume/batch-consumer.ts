import { setTimeout as delay } from 'node:timers/promises';
import { isRetryable } from '@opensync/platform';
import type { NatsConnection } from '@nats-io/transport-node';
import { Link } from '../connection.ts';
import { DeadLetters } from '../dead-letters/dead-letters.ts';
import type { ConsumerRef } from '../topology/names.ts';
import { ACK_WAIT_MS } from '../topology/specifications.ts';
import type { Delivery, HeldMessage } from './delivery.ts';
import { PullSubscription } from './pull-subscription.ts';

export interface Poison {
  readonly delivery: Delivery;
  readonly reason: string;
  /** What of it could not be processed, in the form of a body of its own, where the rest was; else it is kept whole. */
  readonly body?: string;
}

/** What became of a batch. Deliveries that are not named here are done and acked. */
export interface BatchOutcome {
  /** Can never be processed: each goes to the dead letters. */
  readonly poison?: readonly Poison[];
  /** Delivered again later, after a growing delay and out of order. */
  readonly retry?: readonly Delivery[];
}

export interface BatchContext {
  /** Says that part of the batch is done. For a handler whose batches may take minutes: silent ones pass for wedged. */
  readonly onProgress: () => void;
}

/**
 * Processes deliveries in order of arrival. A thrown AppError that is retryable (a store is away) means: the same
 * batch again, in place, until it succeeds. Anything else that is thrown means that one of the deliveries may be
 * poison: they are tried one by one. A batch may come again after it was processed.
 */
export type BatchHandler = (batch: readonly Delivery[], context: BatchContext) => Promise<BatchOutcome>;

export type ConsumerReport =
  /** The handler cannot proceed and is called again until it can; told once, until `recovered`. */
  | { readonly kind: 'blocked'; readonly error: unknown }
  | { readonly kind: 'recovered' }
  /** The handler threw; the deliveries are tried one by one. */
  | { readonly kind: 'isolating'; readonly error: unknown; readonly deliveries: number }
  | { readonly kind: 'dead-letter'; readonly sequence: number; readonly reason: string }
  /** The server gives no messages, e.g. because the consumer is gone; told once, until `subscribed`. */
  | { readonly kind: 'unsubscribed'; readonly problem: string }
  | { readonly kind: 'subscribed' };

export interface BatchConsumerOptions {
  readonly consumer: ConsumerRef;
  readonly handler: BatchHandler;
  /** Most deliveries in a batch; default 500. */
  readonly maxBatch?: number | undefined;
  readonly report?: (report: ConsumerReport) => void;
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
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

/** Feeds the messages of a durable consumer to a handler in batches: whatever has arrived, one batch at a time. */
export class BatchConsumer {
  readonly #options: BatchConsumerOptions;
  readonly #maxBatch: number;
  readonly #deadLetters: DeadLetters;
  readonly #link: Link;
  readonly #pull: PullSubscription;
  readonly #stopping = new AbortController();
  readonly #signs: NodeJS.Timeout;
  readonly #loop: Promise<void>;
  /** In work and not answered yet. */
  readonly #open = new Set<HeldMessage>();
  readonly #context: BatchContext = { onProgress: () => (this.#lastProgressAt = Date.now()) };
  #wake: (() => void) | undefined;
  #lastProgressAt = Date.now();
  #blocked: string | undefined;
  #problem: { readonly text: string; readonly since: number } | undefined;

  constructor(nc: NatsConnection, options: BatchConsumerOptions) {
    this.#options = options;
    this.#maxBatch = options.maxBatch ?? 500;
    this.#deadLetters = new DeadLetters(nc);
    this.#link = Link.of(nc);
    this.#pull = new PullSubscription(nc, {
      consumer: options.consumer,
      capacity: this.#maxBatch * BUFFERED_BATCHES,
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
      const batch = this.#pull.take(this.#maxBatch);
      if (batch.length === 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        // Being idle is not being wedged.
        this.#context.onProgress();
        continue;
      }
      for (const message of batch) this.#open.add(message);
      await this.#process(batch);
      this.#context.onProgress();
    }
  }

  /** Resolves when each message of the batch is answered. */
  async #process(batch: readonly HeldMessage[]): Promise<void> {
    for (let throws = 0; ;) {
      if (this.#stopping.signal.aborted && throws > 0) return this.#giveBack(batch);
      const outcome = await this.#untilUnblocked(() => this.#options.handler(batch, this.#context)).catch(
        (error: unknown) => ({
          error,
        }),
      );
      if (outcome === undefined) return this.#giveBack(batch);
      if (!('error' in outcome)) return this.#settle(batch, outcome);
      if (batch.length > 1) {
        this.#options.report?.({ kind: 'isolating', error: outcome.error, deliveries: batch.length });
        for (const message of batch) {
          if (this.#stopping.signal.aborted) this.#giveBack([message]);
          else await this.#process([message]);
        }
        return;
      }
      if (++throws === POISON_ATTEMPTS) return this.#bury(batch[0]!, { reason: reasonOf(outcome.error) });
      await this.#pause(throws);
    }
  }

  async #settle(batch: readonly HeldMessage[], outcome: BatchOutcome): Promise<void> {
    const poison = new Map<Delivery, Poison>(outcome.poison?.map((letter) => [letter.delivery, letter]));
    const retry = new Set(outcome.retry);
    for (const message of batch) {
      if (poison.has(message)) continue;
      if (retry.has(message)) message.nak(Math.min(FIRST_RETRY_MS * 2 ** (message.attempts - 1), LONGEST_RETRY_MS));
      else message.ack();
      this.#open.delete(message);
    }
    for (const message of batch) {
      const letter = poison.get(message);
      if (letter) await this.#bury(message, letter);
    }
  }

  /** Ends a message only after the dead letters have it, so that a crash between the two loses nothing. */
  async #bury(message: HeldMessage, { reason, body }: Omit<Poison, 'delivery'>): Promise<void> {
    const consumer = this.#options.consumer.durable;
    const stored = await this.#untilUnblocked(() => this.#deadLetters.bury(message, { consumer, reason, body })).catch(
      (error: unknown) => ({ error }),
    );
    if (stored === undefined) return this.#giveBack([message]);
    if ('error' in stored) {
      // Not even the dead letters take it. It must neither be lost nor hold up the others.
      this.#options.report?.({ kind: 'isolating', error: stored.error, deliveries: 1 });
      message.nak(LONGEST_RETRY_MS);
      this.#open.delete(message);
      return;
    }
    message.term();
    this.#open.delete(message);
    this.#options.report?.({ kind: 'dead-letter', sequence: message.sequence, reason });
  }

  /** Repeats what throws retryable errors; resolves with undefined when stopped meanwhile. */
  async #untilUnblocked<T extends object>(work: () => Promise<T>): Promise<T | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await work();
        if (this.#blocked !== undefined) this.#options.report?.({ kind: 'recovered' });
        this.#blocked = undefined;
        return result;
      } catch (error) {
        if (!isRetryable(error)) throw error;
        // What it needs may be stopping with it: that is no news, and the batch goes to another process.
        if (this.#stopping.signal.aborted) return undefined;
        if (this.#blocked === undefined) this.#options.report?.({ kind: 'blocked', error });
        this.#blocked = reasonOf(error);
        await this.#pause(attempt);
        if (this.#stopping.signal.aborted) return undefined;
      }
    }
  }

  #giveBack(batch: readonly HeldMessage[]): void {
    for (const message of batch) {
      message.nak();
      this.#open.delete(message);
    }
  }

  async #pause(attempt: number): Promise<void> {
    const ms = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
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

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
