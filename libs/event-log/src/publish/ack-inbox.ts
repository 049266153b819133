import { type Msg, type Subscription } from '@nats-io/transport-node';
import type { LogConnection } from '../connection.ts';

/** JetStream's answer to a publish, or why there is none. */
export type Answer =
  | { readonly kind: 'ack'; readonly sequence: number; readonly count: number; readonly duplicate: boolean }
  | { readonly kind: 'refused'; readonly code: number; readonly errorCode: number; readonly description: string }
  | { readonly kind: 'none'; readonly reason: string };

interface PubAckBody {
  readonly seq?: number;
  readonly count?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

/**
 * One subscription that receives the acks of all publishes. `LogConnection.request` does the same with a timer,
 * three promises and an error object for each; here a publisher keeps one timer for all it has sent.
 */
export class AckInbox {
  readonly #prefix: string;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  readonly #subscription: Subscription;
  #next = 0;

  constructor(nc: LogConnection) {
    this.#prefix = nc.inbox();
    this.#subscription = nc.subscribe(`${this.#prefix}.*`, {
      callback: (error, message) => {
        if (!error) this.#onReply(message);
      },
    });
  }

  /** A new reply subject; `onAnswer` is called once, when its answer arrives or all are abandoned. */
  expect(onAnswer: (answer: Answer) => void): string {
    const subject = `${this.#prefix}.${(this.#next++).toString(36)}`;
    this.#waiting.set(subject, onAnswer);
    return subject;
  }

  /** Later answers are ignored. */
  forget(subject: string): void {
    this.#waiting.delete(subject);
  }

  /** The connection is gone, and with it all pending answers. */
  giveUpAll(reason: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const onAnswer of waiting) onAnswer({ kind: 'none', reason });
  }

  close(): void {
    this.giveUpAll('closed');
    this.#subscription.unsubscribe();
  }

  #onReply(message: Msg): void {
    const onAnswer = this.#waiting.get(message.subject);
    if (!onAnswer) return;
    this.#waiting.delete(message.subject);
    onAnswer(parseAnswer(message));
  }
}

/** A stream's answer to one message. */
export function parseAnswer(message: Msg): Answer {
  if (message.data.length === 0) return { kind: 'none', reason: 'no stream takes this subject' };
  const { seq, count = 1, duplicate = false, error } = message.json<PubAckBody>();
  if (error) {
    const { code, err_code: errorCode = 0, description = '' } = error;
    return { kind: 'refused', code, errorCode, description };
  }
  return seq === undefined ? { kind: 'none', reason: 'not an ack' } : { kind: 'ack', sequence: seq, count, duplicate };
}
