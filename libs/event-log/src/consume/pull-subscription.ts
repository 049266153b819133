import { nanos, type Msg, type Subscription } from '@nats-io/transport-node';
import { NATS_STATUS } from '../jetstream-codes.ts';
import type { LogConnection } from '../connection.ts';
import type { Link } from '../link.ts';
import type { ConsumerRef } from '../topology/names.ts';
import { HeldMessage } from './delivery.ts';

export interface PullOptions {
  readonly consumer: ConsumerRef;
  /** Maximum number of buffered messages. */
  readonly capacity: number;
  /** Taken and not acked yet; absent if nothing is ever acked. */
  readonly inWork?: Iterable<HeldMessage>;
  readonly onArrival: () => void;
  /** Called when the server stops or resumes sending messages; `undefined` when it resumes. */
  readonly onProblem: (problem: string | undefined) => void;
}

const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 1500;
const RETRY_MS = 250;
const BUFFERED_BYTES = 16 * 1024 * 1024;
/** A handler holds its batch several times: as text, as parsed data, as written rows. */
export const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * The pull protocol of JetStream (ADR-37 of NATS) for one durable consumer: one open request at a time, for as many
 * messages as there is room. If a restarted server has not recovered the consumer yet, the client's own `consume()`
 * waits for its expiry before it asks again, and forgets its messages. This class asks again at once, and its
 * messages can still be acked, because ack subjects outlive connections.
 */
export class PullSubscription {
  readonly #nc: LogConnection;
  readonly #options: PullOptions;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #link: Link;
  readonly #unlink: () => void;
  readonly #watchdog: NodeJS.Timeout;
  readonly #buffer: HeldMessage[] = [];
  #bufferedBytes = 0;
  /** Messages that the open request may still deliver. */
  #open = 0;
  #request = 0;
  /** When the server last sent anything. */
  #heardAt = performance.now();
  #retry: NodeJS.Timeout | undefined;

  constructor(nc: LogConnection, options: PullOptions) {
    this.#nc = nc;
    this.#inbox = nc.inbox();
    this.#options = options;
    this.#subscription = nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (!error) this.#onMessage(message);
      },
    });
    this.#link = nc.link;
    this.#unlink = this.#link.onChange(() => this.#askAnew());
    this.#watchdog = setInterval(() => this.#checkHeartbeat(), HEARTBEAT_MS);
    this.#ask();
  }

  /** Arrived and not yet taken, in order of arrival. */
  get buffered(): readonly HeldMessage[] {
    return this.#buffer;
  }

  /** Takes the oldest messages, at most `count` and 8 MiB (a larger one goes alone), and makes room for others. */
  take(count: number): HeldMessage[] {
    let taken = 0;
    let bytes = 0;
    for (const { size } of this.#buffer.slice(0, count)) {
      if (taken > 0 && bytes + size > BATCH_BYTES) break;
      taken++;
      bytes += size;
    }
    this.#bufferedBytes -= bytes;
    const batch = this.#buffer.splice(0, taken);
    this.#ask();
    return batch;
  }

  /** Stops receiving. Returns the messages that were not taken. */
  stop(): HeldMessage[] {
    this.#subscription.unsubscribe();
    this.#unlink();
    clearInterval(this.#watchdog);
    clearTimeout(this.#retry);
    this.#open = Infinity; // no further request
    return this.#buffer.splice(0);
  }

  /**
   * Requests more once half of the room is free, so that the next messages arrive while the current ones are
   * processed.
   */
  #ask(): void {
    const { capacity, consumer } = this.#options;
    const roomBytes = BUFFERED_BYTES - this.#bufferedBytes;
    if (this.#open > 0 || this.#retry || !this.#link.up || this.#nc.isClosed() || this.#nc.isDraining()) return;
    if (this.#buffer.length > capacity / 2 || roomBytes < BUFFERED_BYTES / 2) return;
    this.#open = capacity - this.#buffer.length;
    this.#request++;
    this.#heardAt = performance.now();
    const request = {
      batch: this.#open,
      max_bytes: roomBytes,
      expires: nanos(EXPIRES_MS),
      idle_heartbeat: nanos(HEARTBEAT_MS),
    };
    this.#nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${consumer.stream}.${consumer.durable}`, JSON.stringify(request), {
      reply: `${this.#inbox}.${this.#request}`,
    });
  }

  /** The open request was lost with its connection or server. */
  #askAnew(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#open = 0;
    this.#ask();
  }

  #onMessage(message: Msg): void {
    this.#heardAt = performance.now();
    // A message keeps its original subject; a message on our inbox is a status of the request.
    if (message.subject.startsWith(this.#inbox)) return this.#onStatus(message);
    const arrived = new HeldMessage(message);
    this.#options.onProblem(undefined);
    const held = this.#heldBefore(arrived);
    if (held) {
      held.renew(arrived);
    } else {
      this.#buffer.push(arrived);
      this.#bufferedBytes += arrived.size;
      this.#options.onArrival();
    }
    if (this.#open > 0) this.#open--;
    this.#ask();
  }

  /** Messages held here are redelivered after an outage that exceeds the ack wait. */
  #heldBefore(arrived: HeldMessage): HeldMessage | undefined {
    if (arrived.attempts === 1) return undefined;
    for (const messages of [this.#options.inWork ?? [], this.#buffer]) {
      for (const message of messages) if (message.isSameAs(arrived)) return message;
    }
    return undefined;
  }

  #onStatus(message: Msg): void {
    const code = message.headers?.code ?? 0;
    const description = message.headers?.description ?? '';
    const current = message.subject === `${this.#inbox}.${this.#request}`;
    if (!current) return;
    if (code === NATS_STATUS.control) return this.#options.onProblem(undefined);
    this.#open = 0;
    if (
      code === NATS_STATUS.requestExpired ||
      (code === NATS_STATUS.conflict && /maxbytes|batch completed/i.test(description))
    ) {
      return this.#ask();
    }
    this.#options.onProblem(`${code} ${description || 'the consumer is not there'}`);
    this.#retry = setTimeout(() => this.#askAnew(), RETRY_MS);
  }

  #checkHeartbeat(): void {
    if (this.#open > 0 && this.#link.up && performance.now() - this.#heardAt > 2.5 * HEARTBEAT_MS) {
      this.#options.onProblem('no heartbeat');
      this.#askAnew();
    }
  }
}
