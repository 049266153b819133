import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { answerTo } from '@opensync/event-log';
import { EMBED_HEADER, encodeFailure, giveSigns } from '@opensync/event-log/embedding';
import { HEADER } from '@opensync/contracts';
import { AppError, type Logger } from '@opensync/platform';
import { contextOf, inSpan, SPAN, SpanKind } from '@opensync/platform/telemetry';
import { lastValueFrom, from, isObservable } from 'rxjs';

/** Binds handlers to NatsRequestStrategy: every other transport of the process leaves them alone. */
export const NATS_REQUEST = Symbol('nats-request');

/** Maximum processing time that a request may ask for, and the default for a request that names none. */
const MAX_TIMEOUT_MS = 10 * 60_000;

/** How long a stop waits for requests under way. Their callers ask again; a process that does not end is killed. */
const STOP_MS = 2_000;

/** A handler that has still not answered this long after its caller stopped waiting counts as hung. */
const HUNG_AFTER_MS = 2 * 60_000;

/** What a handler gets beside the body. */
export interface NatsRequestContext {
  /** Aborted when the caller no longer waits, or must not wait longer because this process stops. */
  readonly signal: AbortSignal;
}

/**
 * Request/reply over core NATS with plain JSON bodies: the handler's pattern is the subject, its result the answer.
 *
 * Nest's own NATS transport is not used: it wraps bodies in `{pattern, data, id}` and `{response, isDisposed}`,
 * so that only Nest clients could call; it opens a connection of its own; and on shutdown it waits for a
 * fixed time instead of for the requests under way. Here any NATS client can ask with the schema in contracts,
 * and failures come in the headers of NATS ADR-32.
 */
export class NatsRequestStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = NATS_REQUEST;
  readonly #nc: NatsConnection;
  readonly #queue: string;
  readonly #log: Logger;
  readonly #subscriptions: Subscription[] = [];
  /** With the time by which each should be answered; milliseconds since the epoch. */
  readonly #underWay = new Map<Promise<void>, number>();
  readonly #stopping = new AbortController();

  /** Requests of one subject are shared out among all processes that listen with the same `queue`. */
  constructor({ nc, queue, logger }: { nc: NatsConnection; queue: string; logger: Logger }) {
    super();
    this.#nc = nc;
    this.#queue = queue;
    this.#log = logger;
  }

  listen(callback: (error?: unknown) => void): void {
    for (const [subject, handler] of this.messageHandlers) {
      if (handler.isEventHandler) continue;
      const subscription = this.#nc.subscribe(subject, {
        queue: this.#queue,
        callback: (error, message) => {
          if (error) this.#log.error({ err: error, subject }, 'subscription failed');
          else this.#accept(handler, message);
        },
      });
      this.#subscriptions.push(subscription);
    }
    // A subscription is written lazily; after this round trip the server knows it.
    this.#nc.flush().then(() => callback(), callback);
  }

  /** For a liveness probe: false if a request is minutes older than its caller's patience. */
  isAnswering(now = Date.now()): boolean {
    return [...this.#underWay.values()].every((deadline) => now - deadline < HUNG_AFTER_MS);
  }

  /** Takes no more requests and answers those under way, with UNAVAILABLE what is not done soon. The connection stays open. */
  async close(): Promise<void> {
    if (this.#nc.isClosed()) return;
    await Promise.all(this.#subscriptions.splice(0).map((subscription) => subscription.drain()));
    const patience = setTimeout(() => this.#stopping.abort(), STOP_MS);
    await Promise.allSettled(this.#underWay.keys());
    clearTimeout(patience);
    await this.#nc.flush();
  }

  override on(): never {
    throw new Error('NatsRequestStrategy has no events: watch the connection that it was given');
  }

  override unwrap<T>(): T {
    return this.#nc as T;
  }

  #accept(handler: MessageHandler, message: Msg): void {
    // Without a reply subject nobody would hear the answer.
    if (!message.reply) return;
    const timeout = timeoutOf(message);
    const answered = this.#answer(handler, message, timeout).finally(() => this.#underWay.delete(answered));
    this.#underWay.set(answered, Date.now() + timeout);
  }

  async #answer(handler: MessageHandler, message: Msg, timeout: number): Promise<void> {
    const endSigns = giveSigns(message);
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(timeout), this.#stopping.signal]);
      const context: NatsRequestContext = { signal };
      const parent = contextOf(message.headers?.get(HEADER.traceparent));
      const answer = await inSpan(SPAN.embed, { kind: SpanKind.SERVER, parent }, async (): Promise<unknown> => {
        const result: unknown = await handler(bodyOf(message), context);
        return lastValueFrom(isObservable(result) ? result : from([result]));
      });
      answerTo(message, JSON.stringify(answer));
    } catch (error) {
      if (!(error instanceof AppError)) this.#log.error({ err: error, subject: message.subject }, 'request failed');
      answerTo(message, undefined, encodeFailure(error));
    } finally {
      endSigns();
    }
  }
}

function timeoutOf(message: Msg): number {
  const asked = Number(message.headers?.get(EMBED_HEADER.timeout));
  return asked > 0 && asked < MAX_TIMEOUT_MS ? asked : MAX_TIMEOUT_MS;
}

function bodyOf(message: Msg): unknown {
  try {
    return message.json();
  } catch (cause) {
    throw new AppError('INVALID_REQUEST', 'the body is not JSON', { cause });
  }
}
