import type { KV, KvEntry } from '@nats-io/kv';
import { JetStreamApiCodes, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { ownerKey, type Owner } from '@opensync/contracts';
import { z } from 'zod';
import { openBucket } from '../bucket.ts';
import { streamEnds } from '../read/replay.ts';
import { find } from '../topology/find.ts';
import { REMOVAL_BUCKET } from '../topology/names.ts';
import { isConflict, isGoneAlready, orUnavailable } from '../unavailable.ts';

/** How far the payloads of an owner's deleted sessions are removed. Sequences of deletions. */
const removalSchema = z.object({
  /** The latest deletion. */
  requested: z.number().int().nonnegative(),
  /** Of this one and earlier ones, nothing is left to do. */
  done: z.number().int().nonnegative(),
  /** What only deleted events name was marked: up to which deletion, and when that was done by the clock of the server. */
  marked: z.object({ through: z.number().int().positive(), at: z.number() }).optional(),
  /** When the oldest deletion that is not carried out was recorded, milliseconds since the epoch. */
  since: z.number(),
});
export type Removal = z.infer<typeof removalSchema>;

export interface PendingRemoval extends Removal {
  readonly owner: Owner;
}

/** Said by an import, whose payloads are in the log before the events that name them. */
const HOLD = 'hold';
/** An import says it again and again; one that was ended leaves it behind for that long. */
export const HOLD_MS = 60 * 60_000;
const CLOCK = 'clock';
/** Whether deletions of before there were records of them were looked for. */
const DERIVED = 'derived';
const MANY_CONFLICTS = 100;

/**
 * The work that deletions leave: payloads to be removed. One entry per owner, which goes when the work is done, so that no entry
 * means that nothing is left. Several processes may change it at once.
 */
export class PendingRemovals {
  readonly #nc: NatsConnection;
  #bucket: Promise<KV> | undefined;

  constructor(nc: NatsConnection) {
    this.#nc = nc;
  }

  /** Records that an owner deleted a session; to be called before the deletion is acknowledged. @throws AppError UNAVAILABLE */
  async request(owner: Owner, sequence: number): Promise<void> {
    await this.change(owner, (removal) => {
      if (!removal) return { requested: sequence, done: sequence - 1, since: Date.now() };
      const requested = Math.max(removal.requested, sequence);
      // Batches of several projectors, and a batch that is delivered again, come in any order.
      const done = Math.min(removal.done, sequence - 1);
      return requested === removal.requested && done === removal.done ? removal : { ...removal, requested, done };
    });
  }

  /** @throws AppError UNAVAILABLE */
  async of(owner: Owner): Promise<Removal | undefined> {
    return this.#ask(async (bucket) => this.#readable(await bucket.get(ownerKey(owner))));
  }

  /** @throws AppError UNAVAILABLE */
  async all(): Promise<PendingRemoval[]> {
    const keys = await orUnavailable(this.#nc, async () => {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      const prefix = `$KV.${REMOVAL_BUCKET}.`;
      const info = await find(
        () => manager.streams.info(`KV_${REMOVAL_BUCKET}`, { subjects_filter: `${prefix}*.*` }),
        JetStreamApiCodes.StreamNotFound,
      );
      return Object.keys(info?.state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
    });
    const pending: PendingRemoval[] = [];
    for (const key of keys) {
      const [workspaceId, userId] = key.split('.') as [string, string];
      const removal = await this.of({ workspaceId, userId });
      if (removal) pending.push({ ...removal, owner: { workspaceId, userId } });
    }
    return pending;
  }

  /** @param next the entry as it should be, the same object to leave it, undefined if nothing is left to do. @throws AppError UNAVAILABLE */
  async change(owner: Owner, next: (removal: Removal | undefined) => Removal | undefined): Promise<void> {
    const key = ownerKey(owner);
    await this.#ask(async (bucket) => {
      for (let attempt = 0; ; attempt++) {
        const entry = await bucket.get(key);
        const before = await this.#readable(entry);
        const after = next(before);
        if (after === before) return;
        const previousSeq = entry?.revision ?? 0;
        try {
          if (after) await bucket.put(key, JSON.stringify(after), { previousSeq });
          else await this.#remove(previousSeq);
          return;
        } catch (error) {
          const isChanged = isConflict(error) || isGoneAlready(error);
          if (!isChanged || attempt >= MANY_CONFLICTS) throw error;
        }
      }
    });
  }

  /** Has nothing removed until it is released, or for an hour. @throws AppError UNAVAILABLE */
  async hold(): Promise<void> {
    await this.#ask((bucket) => bucket.put(HOLD, ''));
  }

  async release(): Promise<void> {
    await this.#ask((bucket) => bucket.purge(HOLD));
  }

  async isHeld(): Promise<boolean> {
    const now = await this.serverTime();
    return this.#ask(async (bucket) => {
      const entry = await bucket.get(HOLD);
      return entry?.operation === 'PUT' && now - entry.created.getTime() < HOLD_MS;
    });
  }

  /** By the clock that stamps messages; milliseconds since the epoch. */
  async serverTime(): Promise<number> {
    return this.#ask(async (bucket) => {
      await bucket.put(CLOCK, '');
      return (await bucket.get(CLOCK))!.created.getTime();
    });
  }

  /** Runs `derive` once in the life of the log. */
  async once(derive: () => Promise<void>): Promise<void> {
    if (await this.#ask(async (bucket) => (await bucket.get(DERIVED))?.operation === 'PUT')) return;
    await derive();
    await this.#ask((bucket) => bucket.put(DERIVED, ''));
  }

  /** Of an entry that cannot be read, everything is left to do: it must stop neither the removal nor the deletions of its owner. */
  async #readable(entry: KvEntry | null): Promise<Removal | undefined> {
    if (entry?.operation !== 'PUT') return undefined;
    const removal = removalSchema.safeParse(jsonOf(entry.string())).data;
    return removal ?? { requested: (await streamEnds(this.#nc)).last, done: 0, since: entry.created.getTime() };
  }

  /** Leaves nothing behind, as a purge would, and fails if another message has taken the place of this one. */
  async #remove(revision: number): Promise<void> {
    const manager = await jetstreamManager(this.#nc, { checkAPI: false });
    await manager.streams.deleteMessage(`KV_${REMOVAL_BUCKET}`, revision, false);
  }

  async #ask<Result>(work: (bucket: KV) => Promise<Result>): Promise<Result> {
    return orUnavailable(this.#nc, async () => {
      this.#bucket ??= openBucket(this.#nc, REMOVAL_BUCKET).catch((error: unknown) => {
        this.#bucket = undefined;
        throw error;
      });
      return work(await this.#bucket);
    });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
