import type { KV } from '@nats-io/kv';
import { AppError } from '@opensync/platform';
import { readEntry, type StoredEntry } from '../bucket-entry.ts';
import { openBucket } from '../bucket.ts';
import type { LogConnection } from '../connection.ts';
import { isConflict } from '../jetstream-codes.ts';
import { JOB_BUCKET } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import type { JobName } from './catalogue.ts';
import { jobRecordSchema, type JobRecord } from './record.ts';

const MANY_CONFLICTS = 100;

/** The records of all jobs, one entry each. Several processes may change them at once. */
export class JobBook {
  readonly #nc: LogConnection;
  #bucket: Promise<KV> | undefined;

  constructor(nc: LogConnection) {
    this.#nc = nc;
  }

  /** Undefined: no process has ever run it. @throws AppError UNAVAILABLE */
  async of(name: JobName): Promise<JobRecord | undefined> {
    return recordOf(await this.#ask(() => readEntry(this.#nc, JOB_BUCKET, name)));
  }

  /**
   * Resolves with the stored record.
   * @param next the new record, the same object or undefined to leave it unchanged. @throws AppError UNAVAILABLE
   */
  async change(
    name: JobName,
    next: (record: JobRecord | undefined) => JobRecord | undefined,
  ): Promise<JobRecord | undefined> {
    return this.#ask(async (bucket) => {
      for (let attempt = 0; ; attempt++) {
        const entry = await readEntry(this.#nc, JOB_BUCKET, name);
        const before = recordOf(entry);
        const after = next(before);
        if (after === before || after === undefined) return before;
        try {
          await bucket.put(name, JSON.stringify(after), { previousSeq: entry?.revision ?? 0 });
          return after;
        } catch (error) {
          if (!isConflict(error) || attempt >= MANY_CONFLICTS) throw error;
        }
      }
    });
  }

  async #ask<Result>(work: (bucket: KV) => Promise<Result>): Promise<Result> {
    return orUnavailable(this.#nc, async () => {
      this.#bucket ??= openBucket(this.#nc, JOB_BUCKET).catch((error: unknown) => {
        this.#bucket = undefined;
        throw error;
      });
      return work(await this.#bucket);
    });
  }
}

/** An unreadable record is written again: nothing in it is worth more than that the job runs. */
function recordOf(entry: StoredEntry | undefined): JobRecord | undefined {
  return jobRecordSchema.safeParse(entry?.value).data;
}

export function noSuchJob(name: string): AppError {
  return new AppError('NOT_FOUND', `There is no job ${name}, or no process runs it`);
}
