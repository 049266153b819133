import { setTimeout as delay } from 'node:timers/promises';
import type { KV } from '@nats-io/kv';
import { GENERATION_BUCKET, isConflict, openBucket, orUnavailable } from '@opensync/event-log';
import { nuid, type NatsConnection } from '@nats-io/transport-node';
import { generationsInUse } from './in-use.ts';
import { provideRecord } from './provide-record.ts';
import { liveEntry, recordOf, type Checkpoint, type GenerationRecord, type Projection } from './records.ts';
import * as transitions from './transitions.ts';

/**
 * A worker whose lease has not changed for so long is gone, or stands still. Measured by the clock of the one that waits: clocks
 * of machines differ.
 */
export const LEASE_MS = 10_000;
const BEAT_MS = LEASE_MS / 4;
const POLL_MS = 500;

/** The life of one index as the log records it, to one worker. */
export class IndexLife {
  readonly #nc: NatsConnection;
  readonly #bucket: KV;
  readonly #projection: Projection;
  readonly #leaseMs: number;
  readonly #worker = nuid.next();
  /** The lease of another worker, and since when it is as it is. */
  #seen: { readonly worker: string; readonly beat: number; readonly since: number } | undefined;

  /** @throws AppError UNAVAILABLE */
  static async open(nc: NatsConnection, projection: Projection, { leaseMs = LEASE_MS } = {}): Promise<IndexLife> {
    return orUnavailable(nc, async () => {
      const bucket = await openBucket(nc, GENERATION_BUCKET);
      await provideRecord(nc, bucket, projection);
      return new IndexLife(nc, bucket, projection, leaseMs);
    });
  }

  private constructor(nc: NatsConnection, bucket: KV, projection: Projection, leaseMs: number) {
    this.#nc = nc;
    this.#bucket = bucket;
    this.#projection = projection;
    this.#leaseMs = leaseMs;
  }

  /** @throws AppError UNAVAILABLE */
  async read(): Promise<GenerationRecord> {
    return (await orUnavailable(this.#nc, () => this.#read())).record;
  }

  /**
   * Works on this index while no other worker does; waits for the lease of another one to end.
   * @param onWait called once, if there is another one
   * @throws what `work` throws; AppError UNAVAILABLE
   */
  async hold<T>(work: () => Promise<T>, { onWait }: { onWait?: (() => void) | undefined } = {}): Promise<T> {
    for (let isFirst = true; !(await this.#take()); isFirst = false) {
      if (isFirst) onWait?.();
      await delay(Math.min(POLL_MS, this.#leaseMs / 4));
    }
    return this.#held(work);
  }

  /** As hold; undefined if another worker has the lease, which ends only in the eyes of one that asks again and again. */
  async tryHold<T>(work: () => Promise<T>): Promise<T | undefined> {
    return (await this.#take()) ? this.#held(work) : undefined;
  }

  /**
   * The next generation, this worker's from now on; to be called while it holds the lease. If it is not `resumed`, what may lie
   * under its number is to be removed, and a checkpoint saved, before anything is written to it.
   * @throws LeaseLostError; AppError UNAVAILABLE
   */
  async begin({ restart }: { restart: boolean }): Promise<Checkpoint & { readonly resumed: boolean }> {
    const uses = await orUnavailable(this.#nc, () => generationsInUse(this.#nc));
    const inUse = uses.flatMap((use) => use[this.#projection] ?? []);
    const { rebuild } = await this.#change((record) => transitions.begin(record, this.#worker, { restart, inUse }));
    const { generation, position } = rebuild!;
    return { generation, position, resumed: position !== null };
  }

  /** @throws LeaseLostError; AppError UNAVAILABLE */
  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    await this.#change((record) => transitions.checkpoint(record, this.#worker, checkpoint));
  }

  /** Puts the next generation to use. @throws LeaseLostError; AppError UNAVAILABLE */
  async switchOver(): Promise<GenerationRecord> {
    return this.#change((record) => transitions.switchOver(record, this.#worker));
  }

  /** Ends the work after the switch, unless another worker has begun. @throws AppError UNAVAILABLE */
  async finish(): Promise<void> {
    await this.#change((record) => transitions.finish(record, this.#worker));
  }

  /**
   * Puts a new, empty generation to use at once, in place of one that cannot be used: that is kept as it is.
   * @param prepare removes what may be there under the number of the new one
   * @returns the new one; undefined if `generation` is not the live one any more, or another worker is at work
   * @throws AppError UNAVAILABLE
   */
  async setAside(generation: number, prepare: (next: number) => Promise<void>): Promise<number | undefined> {
    return this.tryHold(async () => {
      if ((await this.read()).live !== generation) return undefined;
      const { generation: next } = await this.begin({ restart: true });
      await prepare(next);
      await this.switchOver();
      await this.finish();
      return next;
    });
  }

  /** Strikes generations that were removed. @throws AppError UNAVAILABLE */
  async forget(removed: readonly number[]): Promise<void> {
    await this.#change((record) => transitions.forget(record, removed));
  }

  /** Whether every process that answers uses this generation; asks again until then or until time is up. */
  async untilAllUse(generation: number, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const uses = (await generationsInUse(this.#nc)).map((use) => use[this.#projection]);
      if (uses.every((used) => used === undefined || used === generation)) return true;
      if (performance.now() > deadline) return false;
    }
  }

  async #held<T>(work: () => Promise<T>): Promise<T> {
    // A beat that fails says nothing: the next change of the record tells if the lease is lost.
    const change = (to: typeof transitions.beat) => this.#change((record) => to(record, this.#worker));
    const beats = setInterval(
      () => void change(transitions.beat).catch(() => undefined),
      Math.min(BEAT_MS, this.#leaseMs / 4),
    );
    try {
      return await work();
    } finally {
      clearInterval(beats);
      await change(transitions.release).catch(() => undefined);
    }
  }

  /** False if another worker has the lease, as far as is known. */
  async #take(): Promise<boolean> {
    const { record, revision } = await orUnavailable(this.#nc, () => this.#read());
    const { lease } = record;
    if (lease && lease.worker !== this.#worker) {
      const isSame = this.#seen?.worker === lease.worker && this.#seen.beat === lease.beat;
      if (!isSame) this.#seen = { ...lease, since: performance.now() };
      if (performance.now() - this.#seen!.since < this.#leaseMs) return false;
    }
    // On the condition that the record is what was read: its worker may have come back since.
    return this.#put(transitions.takeLease(record, this.#worker), revision);
  }

  async #read(): Promise<{ record: GenerationRecord; revision: number }> {
    const entry = await this.#bucket.get(liveEntry(this.#projection));
    const record = recordOf(entry);
    // To take the first generation for the live one would have all processes go back to it.
    if (!record) throw new Error('the log lost the record of generations');
    return { record, revision: entry!.revision };
  }

  /** Writes what becomes of the record unless it changed meanwhile: then it is read, and changed, again. */
  async #change(change: (record: GenerationRecord) => GenerationRecord): Promise<GenerationRecord> {
    for (;;) {
      const { record, revision } = await orUnavailable(this.#nc, () => this.#read());
      const changed = change(record);
      if (changed === record || (await this.#put(changed, revision))) return changed;
    }
  }

  /** False if another process has changed the record since. */
  async #put(record: GenerationRecord, revision: number): Promise<boolean> {
    return orUnavailable(this.#nc, async () => {
      try {
        await this.#bucket.put(liveEntry(this.#projection), JSON.stringify(record), { previousSeq: revision });
        return true;
      } catch (error) {
        if (isConflict(error)) return false;
        throw error;
      }
    });
  }
}
