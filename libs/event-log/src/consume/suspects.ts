import type { KV } from '@nats-io/kv';
import type { LogConnection } from '../connection.ts';
import { openBucket } from '../bucket.ts';
import { SUSPECT_BUCKET, type ConsumerRef } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import type { HeldMessage } from './delivery.ts';

/**
 * Maximum batch size by number of deliveries. A second delivery usually means a restart or a rolling deploy; each
 * further one narrows down which message kills the process.
 */
const LARGEST_GROUPS = [Infinity, 50, 5];
/** From this delivery on, a message is processed alone, and the log records that its processing began. */
const SUSPECT_FROM_ATTEMPT = LARGEST_GROUPS.length + 1;
/** A message that killed this many processes while it was processed alone is dead-lettered. */
export const LETHAL_STARTS = 3;

/**
 * Splits a batch, in order, so that a message which kills the process is isolated within a few restarts: new messages
 * stay together, messages delivered for the second time go in small groups, messages delivered more often go alone.
 * The server counts deliveries, so this works across processes.
 */
export function inSuspectGroups<Message extends Pick<HeldMessage, 'attempts'>>(batch: readonly Message[]): Message[][] {
  const groups: Message[][] = [];
  let limit = 0;
  for (const message of batch) {
    const own = largestGroup(message.attempts);
    const group = groups.at(-1);
    if (group && own === limit && group.length < limit) {
      group.push(message);
    } else {
      groups.push([message]);
      limit = own;
    }
  }
  return groups;
}

function largestGroup(attempts: number): number {
  return LARGEST_GROUPS[Math.max(attempts, 1) - 1] ?? 1;
}

export function isSuspect({ attempts }: Pick<HeldMessage, 'attempts'>): boolean {
  return attempts >= SUSPECT_FROM_ATTEMPT;
}

/**
 * Records in the log which message a consumer is processing alone. A start without a finish means that the process
 * died meanwhile. Only suspects are recorded, so the usual path costs nothing.
 */
export class Suspects {
  readonly #nc: LogConnection;
  readonly #consumer: string;
  #bucket: Promise<KV> | undefined;

  constructor(nc: LogConnection, { durable }: ConsumerRef) {
    this.#nc = nc;
    this.#consumer = durable;
  }

  /**
   * Records that the message is about to be processed alone. Resolves with the number of earlier starts that were
   * never finished.
   * @throws AppError UNAVAILABLE
   */
  async start(sequence: number): Promise<number> {
    return orUnavailable(this.#nc, async () => {
      const bucket = await this.#open();
      const entry = await bucket.get(this.#key(sequence));
      const unfinished = entry?.operation === 'PUT' ? Number(entry.string()) || 0 : 0;
      await bucket.put(this.#key(sequence), String(unfinished + 1));
      return unfinished;
    });
  }

  /** The process survived. Never rejects: a leftover record only counts as one start of a later delivery. */
  async finish(sequence: number): Promise<void> {
    try {
      await (await this.#open()).purge(this.#key(sequence));
    } catch {
      // The log is unavailable; a lethal message needs several unfinished starts.
    }
  }

  #key(sequence: number): string {
    return `${this.#consumer}.${sequence}`;
  }

  #open(): Promise<KV> {
    this.#bucket ??= openBucket(this.#nc, SUSPECT_BUCKET).catch((error: unknown) => {
      this.#bucket = undefined;
      throw error;
    });
    return this.#bucket;
  }
}
