import type { KV, KvEntry } from '@nats-io/kv';
import { jetstreamManager } from '@nats-io/jetstream';
import { ownerKey, type Owner } from '@opensync/contracts';
import { z } from 'zod';
import type { LogConnection } from '../connection.ts';
import { isConflict, isGoneAlready, isStreamNotFound } from '../jetstream-codes.ts';
import { openBucket } from '../bucket.ts';
import { streamEnds } from '../read/replay.ts';
import { find } from '../topology/find.ts';
import { REMOVAL_BUCKET, STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

/** How far the payloads of an owner's deleted sessions are removed. Sequences of deletions. */
const removalSchema = z.object({
  /** The latest deletion. */
  requested: z.number().int().nonnegative(),
  /** For deletions up to this one nothing is left to do. */
  done: z.number().int().nonnegative(),
  /** Payloads that only deleted events name were marked: up to which deletion, and when, by the server's clock. */
  marked: z.object({ through: z.number().int().positive(), at: z.number() }).optional(),
  /** When the oldest pending deletion was recorded, milliseconds since the epoch. */
  since: z.number(),
});
export type Removal = z.infer<typeof removalSchema>;

export interface PendingRemoval extends Removal {
  readonly owner: Owner;
}

/** Set by an import, which stores payloads before the events that name them. */
const HOLD = 'hold';
/** An import renews it repeatedly; an interrupted one leaves it for this long. */
export const HOLD_MS = 60 * 60_000;
/** The sequence up to which the log was searched for deletions. */
const DERIVED = 'derived';
const MANY_CONFLICTS = 100;

/** A log and its buckets are created together, within this time; a younger bucket came with an upgrade. */
const CREATED_TOGETHER_MS = 10 * 60_000;
/** A rolling upgrade is over by then. */
const UPGRADE_MS = 24 * 60 * 60_000;

/**
 * Whether processes may run whose version treats the mark of a payload as damage: within a day after the first
 * process of a version that marks payloads, unless the log is as young. Pure; milliseconds since the epoch.
 */
export function mayHaveOlderProcesses({ log, own, now }: { log: number; own: number; now: number }): boolean {
  return own - log > CREATED_TOGETHER_MS && now - own < UPGRADE_MS;
}

/**
 * Pending work of deletions: payloads to remove. One entry per owner, deleted when the work is done, so no entry
 * means nothing to do. Several processes may change it at once.
 */
export class PendingRemovals {
  readonly #nc: LogConnection;
  #bucket: Promise<KV> | undefined;

  constructor(nc: LogConnection) {
    this.#nc = nc;
  }

  /**
   * Records that an owner deleted a session; call it before acknowledging the deletion. @throws AppError UNAVAILABLE
   */
  async request(owner: Owner, sequence: number): Promise<void> {
    await this.change(owner, (removal) => {
      if (!removal) return { requested: sequence, done: sequence - 1, since: Date.now() };
      const requested = Math.max(removal.requested, sequence);
      // Batches of several projectors, and redelivered batches, arrive in any order.
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
        isStreamNotFound,
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

  /**
   * @param next the new entry, the same object to leave it unchanged, undefined if nothing is left to do. @throws
   * AppError UNAVAILABLE
   */
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

  /** Suspends removals until it is released, or for an hour. @throws AppError UNAVAILABLE */
  async hold(): Promise<void> {
    await this.#ask((bucket) => bucket.put(HOLD, ''));
  }

  async release(): Promise<void> {
    await this.#ask((bucket) => bucket.purge(HOLD));
  }

  /** @param now by the server's clock; absent: it is requested. @throws AppError UNAVAILABLE */
  async isHeld(now?: number): Promise<boolean> {
    const time = now ?? (await this.serverTime());
    return this.#ask(async (bucket) => {
      const entry = await bucket.get(HOLD);
      if (entry?.operation === 'PUT' && time - entry.created.getTime() < HOLD_MS) return true;
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      const created = async (stream: string) => Date.parse((await manager.streams.info(stream)).created);
      const [log, own] = [await created(STREAM.events), await created(`KV_${REMOVAL_BUCKET}`)];
      return mayHaveOlderProcesses({ log, own, now: time });
    });
  }

  /** By the clock that stamps the marks; milliseconds since the epoch. */
  async serverTime(): Promise<number> {
    return orUnavailable(this.#nc, async () => {
      const manager = await jetstreamManager(this.#nc, { checkAPI: false });
      const { ts } = await manager.streams.info(STREAM.payloads);
      if (ts === undefined) throw new Error('nats-server does not say what time it is');
      return Date.parse(ts);
    });
  }

  /**
   * Stores the sequence up to which `derive` has searched for deletions.
   * @param derive receives the previous one; 0: from the beginning
   */
  async derive(derive: (derived: number) => Promise<number>): Promise<void> {
    const entry = await this.#ask((bucket) => bucket.get(DERIVED));
    const before = derivedOf(entry);
    const after = await derive(before);
    if (after === before) return;
    await this.#ask(async (bucket) => {
      try {
        await bucket.put(DERIVED, String(after), { previousSeq: entry?.revision ?? 0 });
      } catch (error) {
        // Another process requested it again meanwhile, or has also done it.
        if (!isConflict(error)) throw error;
      }
    });
  }

  /**
   * Makes a projector search for deletions from the beginning of the log, because removed content may be stored
   * again.
   */
  async deriveAgain(): Promise<void> {
    await this.#ask((bucket) => bucket.put(DERIVED, '0'));
  }

  async isToBeDerived(): Promise<boolean> {
    return derivedOf(await this.#ask((bucket) => bucket.get(DERIVED))) === 0;
  }

  /**
   * An unreadable entry means that everything is left to do: it must block neither the removal nor its owner's
   * deletions.
   */
  async #readable(entry: KvEntry | null): Promise<Removal | undefined> {
    if (entry?.operation !== 'PUT') return undefined;
    const removal = removalSchema.safeParse(jsonOf(entry.string())).data;
    return removal ?? { requested: (await streamEnds(this.#nc)).last, done: 0, since: entry.created.getTime() };
  }

  /** Leaves no message, as a purge would, and fails if another message has replaced this one. */
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

/** An earlier version stored no sequence. */
function derivedOf(entry: KvEntry | null): number {
  const derived = entry?.operation === 'PUT' ? Number(entry.string()) : 0;
  return Number.isSafeInteger(derived) ? derived : 0;
}
