import type { Projection } from '@opensync/contracts';
import type { KV } from '@nats-io/kv';
import { GENERATION_BUCKET, isConflict, openBucket, orUnavailable, type LogConnection } from '@opensync/event-log';
import { provideRecord } from './provide-record.ts';
import { liveEntry, recordOf, type GenerationRecord } from './records.ts';

/** The current record of a store; undefined if there is none. @throws AppError UNAVAILABLE */
export async function recordNow(nc: LogConnection, projection: Projection): Promise<GenerationRecord | undefined> {
  return orUnavailable(nc, async () =>
    recordOf(await (await openBucket(nc, GENERATION_BUCKET)).get(liveEntry(projection))),
  );
}

/** The entry of a store's record: read from the leader, and changed conditionally on its revision. */
export class RecordEntry {
  readonly #nc: LogConnection;
  readonly #bucket: KV;
  readonly #key: string;

  /** Ensures that a record exists. @throws AppError UNAVAILABLE */
  static async open(nc: LogConnection, projection: Projection): Promise<RecordEntry> {
    return orUnavailable(nc, async () => {
      const bucket = await openBucket(nc, GENERATION_BUCKET);
      await provideRecord(nc, bucket, projection);
      return new RecordEntry(nc, bucket, liveEntry(projection));
    });
  }

  /** Undefined if there is no record. @throws AppError UNAVAILABLE */
  static async find(nc: LogConnection, projection: Projection): Promise<RecordEntry | undefined> {
    return orUnavailable(nc, async () => {
      const bucket = await openBucket(nc, GENERATION_BUCKET);
      const key = liveEntry(projection);
      return recordOf(await bucket.get(key)) && new RecordEntry(nc, bucket, key);
    });
  }

  private constructor(nc: LogConnection, bucket: KV, key: string) {
    this.#nc = nc;
    this.#bucket = bucket;
    this.#key = key;
  }

  /** @throws AppError UNAVAILABLE */
  async read(): Promise<{ readonly record: GenerationRecord; readonly revision: number }> {
    return orUnavailable(this.#nc, async () => {
      const entry = await this.#bucket.get(this.#key);
      const record = recordOf(entry);
      // Falling back to the first generation would make all processes go back to it.
      if (!record) throw new Error('the log lost the record of generations');
      return { record, revision: entry!.revision };
    });
  }

  /**
   * Writes the changed record unless it was changed meanwhile: then it is read, and changed, again.
   * @throws errors of `change`; AppError UNAVAILABLE
   */
  async change(change: (record: GenerationRecord) => GenerationRecord): Promise<GenerationRecord> {
    for (;;) {
      const { record, revision } = await this.read();
      const changed = change(record);
      if (changed === record || (await this.put(changed, revision))) return changed;
    }
  }

  /** False if another process has changed the record meanwhile. @throws AppError UNAVAILABLE */
  async put(record: GenerationRecord, revision: number): Promise<boolean> {
    return orUnavailable(this.#nc, async () => {
      try {
        await this.#bucket.put(this.#key, JSON.stringify(record), { previousSeq: revision });
        return true;
      } catch (error) {
        if (isConflict(error)) return false;
        throw error;
      }
    });
  }
}
