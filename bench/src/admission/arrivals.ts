import { setTimeout as delay } from 'node:timers/promises';
import { someText } from '../load.ts';
import { Connection } from './connection.ts';

/** Requests arrive at a rate, whether earlier ones are answered or not. */
export interface Arrivals {
  readonly url: string;
  /** They take turns. */
  readonly keys: readonly string[];
  /** Requests per second; 0: each connection sends as soon as it is answered. */
  readonly rate: number;
  readonly seconds: number;
  /** What begins earlier is counted, and its times are kept apart. */
  readonly settleSeconds: number;
  /** Requests that can be in progress at once. */
  readonly connections: number;
  /** One of so many requests is a batch; 0: none is. */
  readonly batchEvery: number;
  readonly batchSize: number;
  /** Of the names of the messages. */
  readonly prefix: string;
}

export type Kind = 'event' | 'batch';
export interface Outcome {
  readonly offered: number;
  /** Answered with 2xx. */
  readonly accepted: number;
  /** Answered with 503. */
  readonly shed: number;
  /** Other answers, and connections that were lost. */
  readonly failed: number;
  /** Not sent, because all connections were busy. */
  readonly unsent: number;
  /** Milliseconds from the arrival to the answer of accepted requests; those of the first seconds; those of refusals. */
  readonly times: readonly number[];
  readonly firstTimes: readonly number[];
  readonly shedTimes: readonly number[];
}

export interface Found {
  readonly seconds: number;
  readonly event: Outcome;
  readonly batch: Outcome;
  /** The messages that were acknowledged, by the numbers in their names: from, and how many. */
  readonly acknowledged: readonly (readonly [from: number, count: number])[];
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] extends readonly number[] ? number[] : T[key] };

const TEXTS = 64;
const LATE_MS = 10_000;

export function nameOf(prefix: string, number: number): string {
  return `${prefix}-message-${number}`;
}

export async function offer(load: Arrivals): Promise<Found> {
  const free = await Promise.all(Array.from({ length: load.connections }, () => Connection.open(load.url)));
  const all = [...free];
  const requests = new Requests(load);
  const outcomes = { event: nothingYet(), batch: nothingYet() };
  const acknowledged: [number, number][] = [];
  let open = 0;
  const start = performance.now();
  const settled = start + load.settleSeconds * 1_000;
  const end = start + load.seconds * 1_000;

  const begin = (arrivedAt: number) => {
    const { kind, from, count, text } = requests.next();
    const outcome = outcomes[kind];
    outcome.offered++;
    const connection = free.pop();
    if (!connection) return void outcome.unsent++;
    open++;
    const onAnswer = (status: number) => {
      open--;
      const now = performance.now();
      if (status >= 200 && status < 300) {
        outcome.accepted++;
        acknowledged.push([from, count]);
        (arrivedAt < settled ? outcome.firstTimes : outcome.times).push(now - arrivedAt);
      } else if (status === 503) {
        outcome.shed++;
        outcome.shedTimes.push(now - arrivedAt);
      } else outcome.failed++;
      if (status === 0) return;
      free.push(connection);
      if (load.rate === 0 && now < end) begin(now);
    };
    if (!connection.send(text, onAnswer)) onAnswer(0);
  };

  if (load.rate === 0) {
    for (let at = 0; at < load.connections; at++) begin(start);
    await delay(load.seconds * 1_000);
  } else {
    const total = Math.round(load.rate * load.seconds);
    for (let sent = 0; sent < total;) {
      const due = Math.min(total, Math.floor(((performance.now() - start) / 1_000) * load.rate) + 1);
      for (; sent < due; sent++) begin(start + (sent / load.rate) * 1_000);
      await delay(1);
    }
  }
  const seconds = (performance.now() - start) / 1_000;
  const late = performance.now() + LATE_MS;
  while (open > 0 && performance.now() < late) await delay(10);
  for (const connection of all) connection.close();
  return { seconds, ...outcomes, acknowledged };
}

function nothingYet(): Mutable<Outcome> {
  const counts = { offered: 0, accepted: 0, shed: 0, failed: 0, unsent: 0 };
  return { ...counts, times: [], firstTimes: [], shedTimes: [] };
}

/** Requests in turn, put together from pieces that were made before: making them must not take the product's time. */
class Requests {
  readonly #load: Arrivals;
  readonly #texts = Array.from({ length: TEXTS }, () => JSON.stringify(someText(800)));
  readonly #heads: Readonly<Record<Kind, readonly string[]>>;
  #messages = 0;
  #requests = 0;

  constructor(load: Arrivals) {
    this.#load = load;
    const heads = (path: string) =>
      load.keys.map(
        (key) =>
          `POST ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n`,
      );
    this.#heads = { event: heads('/sync/message'), batch: heads('/sync/batch') };
  }

  next(): { kind: Kind; from: number; count: number; text: string } {
    const { batchEvery, batchSize, keys } = this.#load;
    const at = this.#requests++;
    const kind = batchEvery > 0 && at % batchEvery === batchEvery - 1 ? 'batch' : 'event';
    const from = this.#messages;
    const count = kind === 'batch' ? batchSize : 1;
    const messages = Array.from({ length: count }, () => this.#message());
    const body = kind === 'batch' ? `{"sessions":[],"messages":[${messages.join(',')}]}` : messages[0]!;
    const head = this.#heads[kind][at % keys.length]!;
    return { kind, from, count, text: `${head}content-length: ${body.length}\r\n\r\n${body}` };
  }

  #message(): string {
    const number = this.#messages++;
    const name = nameOf(this.#load.prefix, number);
    const session = `${this.#load.prefix}-session-${Math.floor(number / 50)}`;
    const text = this.#texts[number % TEXTS]!;
    return `{"sessionExternalId":"${session}","externalId":"${name}","role":"user","textContent":${text},"source":"claude-code"}`;
  }
}
