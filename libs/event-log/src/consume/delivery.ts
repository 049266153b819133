import type { Msg, MsgHdrs } from '@nats-io/transport-node';

/** A message of a stream as a batch handler sees it. */
export interface Delivery {
  readonly subject: string;
  /** In its stream. */
  readonly sequence: number;
  /** How often it was delivered, this time included. */
  readonly attempts: number;
  /** The first value of a header; names are case-sensitive. */
  header(name: string): string | undefined;
  /** The body as UTF-8; what is not valid UTF-8 becomes U+FFFD. */
  body(): string;
}

const ACK = Buffer.from('+ACK');
const WORKING = Buffer.from('+WPI');
const TERM = Buffer.from('+TERM');
const NANOS_PER_MS = 1e6;

/** A message with an ack that is still open. Each of the ack functions answers the server at once and waits for nothing. */
export class HeldMessage implements Delivery {
  readonly sequence: number;
  readonly attempts: number;
  /** Of when the stream stored it, as the server writes it. */
  readonly #storedAt: string | undefined;
  /** Counts what its consumer delivered, from 1: a gap in it is a message that was lost on the way. */
  readonly consumerSequence: number;
  /** Messages that its consumer had left to deliver then. */
  readonly pending: number;
  /** When the server last heard that it is worked on; `performance.now()`. */
  touchedAt = performance.now();
  #message: Msg;
  #headers: Map<string, string[]> | undefined;

  constructor(message: Msg) {
    this.#message = message;
    // `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, with domain and account
    // hash before the stream in the longer form.
    const tokens = (message.reply ?? '').split('.');
    const offset = tokens.length === 9 ? 4 : 6;
    this.attempts = Number(tokens[offset]);
    this.sequence = Number(tokens[offset + 1]);
    this.consumerSequence = Number(tokens[offset + 2]);
    this.#storedAt = tokens[offset + 3];
    this.pending = Number(tokens[offset + 4]);
  }

  get subject(): string {
    return this.#message.subject;
  }

  get headers(): MsgHdrs | undefined {
    return this.#message.headers;
  }

  get data(): Uint8Array {
    return this.#message.data;
  }

  get size(): number {
    return this.#message.data.length;
  }

  /** A stream that was made again counts from 1: the time tells its messages from those of the stream before. */
  isSameAs(other: HeldMessage): boolean {
    return this.sequence === other.sequence && this.#storedAt === other.#storedAt;
  }

  /**
   * Answers the later delivery of the same message from now on. Its attempts stay: the server delivered it again because it did not hear
   * from this process, which has held it all the time.
   */
  renew(again: HeldMessage): void {
    this.#message = again.#message;
    this.touchedAt = again.touchedAt;
  }

  header(name: string): string | undefined {
    this.#headers ??= new Map(this.#message.headers ?? []);
    return this.#headers.get(name)?.[0];
  }

  body(): string {
    return this.#message.string();
  }

  ack(): void {
    this.#message.respond(ACK);
  }

  /** Gives it back, to be delivered again after the delay, or at once. */
  nak(delayMs = 0): void {
    const delay = delayMs > 0 ? ` {"delay":${Math.round(delayMs * NANOS_PER_MS)}}` : '';
    this.#message.respond(Buffer.from(`-NAK${delay}`));
  }

  /** Never deliver it again, though it was not processed. */
  term(): void {
    this.#message.respond(TERM);
  }

  /** Starts the server's ack wait again. */
  working(): void {
    this.touchedAt = performance.now();
    this.#message.respond(WORKING);
  }
}
