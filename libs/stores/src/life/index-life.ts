import type { KV } from '@nats-io/kv';
import { nuid, type NatsConnection } from '@nats-io/transport-node';
import { GENERATION_BUCKET, isConflict, openBucket, orUnavailable } from '@opensync/event-log';
import { generationsInUse } from './in-use.ts';
import { provideRecord } from './provide-record.ts';
import { liveEntry, recordOf, type Checkpoint, type GenerationRecord, type Projection } from './records.ts';

/** Another process has taken over the rebuild of the same store. */
export class RebuildConflictError extends Error {
  override readonly name = 'RebuildConflictError';
}

/** What the log keeps of one projection's generations and of their making. */
export class RebuildLog {
  readonly #nc: NatsConnection;
  readonly #bucket: KV;
  readonly #projection: Projection;
  readonly #run = nuid.next();

  /** @throws AppError UNAVAILABLE */
  static async open(nc: NatsConnection, projection: Projection): Promise<RebuildLog> {
    return orUnavailable(nc, async () => {
      const bucket = await openBucket(nc, GENERATION_BUCKET);
      await provideRecord(nc, bucket, projection);
      return new RebuildLog(nc, bucket, projection);
    });
  }

  private constructor(nc: NatsConnection, bucket: KV, projection: Projection) {
    this.#nc = nc;
    this.#bucket = bucket;
    this.#projection = projection;
  }

  async generations(): Promise<GenerationRecord> {
    return (await orUnavailable(this.#nc, () => this.#read())).record;
  }

  /**
   * Makes the rebuild this run's own: whoever had it before is refused from now on, whatever it is doing.
   * A generation that a process uses is never taken, whatever the record says: the log may have lost the one that spoke
   * of it. It is kept, too.
   * @param restart Does not go on with the generation of an interrupted run, which is kept as it is: that run may be
   * writing to it still.
   * @throws AppError UNAVAILABLE
   */
  async claim({ restart }: { restart: boolean }): Promise<Checkpoint & { readonly resumed: boolean }> {
    const uses = await orUnavailable(this.#nc, () => generationsInUse(this.#nc));
    const inUse = uses.flatMap((use) => use[this.#projection] ?? []);
    let resumed = false;
    const { rebuild } = await this.#change((record) => {
      const { live, kept, rebuild: before } = record;
      if (before?.run === this.#run) return record;
      // One whose generation is live already was interrupted after the switch: there is nothing left of it to do.
      const open = before && before.generation !== live ? before : undefined;
      resumed = open !== undefined && !restart && !inUse.includes(open.generation);
      if (open && resumed) return { live, kept, rebuild: { ...open, run: this.#run } };
      const others = [...kept, ...(open ? [open.generation] : []), ...inUse];
      const known = [...new Set(others)].filter((generation) => generation !== live);
      const generation = Math.max(live, ...known) + 1;
      return { live, kept: known, rebuild: { generation, position: null, run: this.#run } };
    });
    return { generation: rebuild!.generation, position: rebuild!.position, resumed };
  }

  /**
   * Of a generation that is live nothing has to be kept once another rebuild has begun: that makes one of its own, and this
   * run has to finish what it has put to use.
   * @throws RebuildConflictError where another run has claimed the rebuild since; AppError UNAVAILABLE
   */
  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    await this.#change((record) => {
      if (record.rebuild?.run !== this.#run && record.live === checkpoint.generation) return record;
      return { ...this.#own(record), rebuild: { ...checkpoint, run: this.#run } };
    });
  }

  /**
   * Puts the generation that this run has made to use.
   * @throws RebuildConflictError where another run has claimed the rebuild since; AppError UNAVAILABLE
   */
  async switchOver(): Promise<GenerationRecord> {
    return this.#change((record) => {
      const { live, kept, rebuild } = this.#own(record);
      return rebuild.generation === live ? record : { live: rebuild.generation, kept: [...kept, live], rebuild };
    });
  }

  /**
   * Puts a new, empty generation to use at once, in place of one that cannot be used: it is kept as it is. A rebuild that was
   * under way is over: it was made for what is set aside.
   * @param prepare removes what may be there under the number of the new one
   * @returns the new one; undefined if `generation` is not the live one any more
   * @throws AppError UNAVAILABLE
   */
  async setAside(generation: number, prepare: (next: number) => Promise<void>): Promise<number | undefined> {
    const uses = await orUnavailable(this.#nc, () => generationsInUse(this.#nc));
    const { live, kept, rebuild } = await this.generations();
    if (live !== generation) return undefined;
    const others = [
      ...kept,
      ...(rebuild ? [rebuild.generation] : []),
      ...uses.flatMap((use) => use[this.#projection] ?? []),
    ];
    const next = Math.max(live, ...others) + 1;
    await prepare(next);
    const changed = await this.#change((record) => {
      if (record.live !== generation) return record;
      return { live: next, kept: [...new Set([...record.kept, ...others, generation])].filter((one) => one !== next) };
    });
    return changed.live === next ? next : undefined;
  }

  /** Ends the rebuild after its switch, unless another has begun. @throws AppError UNAVAILABLE */
  async finish(): Promise<void> {
    await this.#change((record) => {
      const { live, kept, rebuild } = record;
      return rebuild?.run === this.#run ? { live, kept } : record;
    });
  }

  /** Strikes generations that were removed. @throws AppError UNAVAILABLE */
  async forget(removed: readonly number[]): Promise<void> {
    await this.#change(({ kept, ...record }) => ({
      ...record,
      kept: kept.filter((generation) => !removed.includes(generation)),
    }));
  }

  #own({ rebuild, ...record }: GenerationRecord): GenerationRecord & Required<Pick<GenerationRecord, 'rebuild'>> {
    if (rebuild?.run === this.#run) return { ...record, rebuild };
    throw new RebuildConflictError('another rebuild of the same store has taken over');
  }

  async #read(): Promise<{ record: GenerationRecord; revision: number }> {
    const entry = await this.#bucket.get(liveEntry(this.#projection));
    const record = recordOf(entry);
    // To take the first generation for the live one would have all processes go back to it.
    if (!record) throw new Error('the log lost the record of generations');
    return { record, revision: entry!.revision };
  }

  /**
   * Writes what becomes of the record unless it changed meanwhile: then it is read, and changed, again. A change gives
   * back the same record where it has been made already, which the answer of an earlier attempt may not have told.
   */
  async #change(change: (record: GenerationRecord) => GenerationRecord): Promise<GenerationRecord> {
    for (;;) {
      const { record, revision } = await orUnavailable(this.#nc, () => this.#read());
      const changed = change(record);
      if (changed === record || (await this.#put(changed, revision))) return changed;
    }
  }

  /** False where somebody has changed the record since. */
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

  /** Whether every process that answers uses this generation; asks again until then or until time is up. */
  async untilAllUse(generation: number, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const uses = (await generationsInUse(this.#nc)).map((use) => use[this.#projection]);
      if (uses.every((used) => used === undefined || used === generation)) return true;
      if (performance.now() > deadline) return false;
    }
  }
}
