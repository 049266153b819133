import { AppError } from '@opensync/platform';
import type { KV } from '@nats-io/kv';
import type { z } from 'zod';
import { readEntry } from './bucket-entry.ts';
import type { LogConnection } from './connection.ts';
import { isConflict } from './jetstream-codes.ts';

const MAX_ATTEMPTS = 20;

export interface EntryChange<Stored> {
  readonly bucketName: string;
  readonly entry: string;
  readonly schema: z.ZodType<Stored>;
  /** Pure: it is repeated if another process writes meanwhile. The record itself stands for no change. */
  readonly change: (record: Stored) => Stored;
  /** For the error, such as "The logins". */
  readonly what: string;
}

/**
 * Changes a record of a bucket only if it still has the version that was read: what was deleted meanwhile does not come back, and
 * the writes of other processes are kept. Resolves with the stored record; undefined if there is none, or none that can be read.
 * @throws AppError UNAVAILABLE if others keep writing
 */
export async function changeEntry<Stored>(
  nc: LogConnection,
  bucket: KV,
  { bucketName, entry, schema, change, what }: EntryChange<Stored>,
): Promise<Stored | undefined> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const stored = await readEntry(nc, bucketName, entry);
    const record = stored?.value === undefined ? undefined : schema.safeParse(stored.value).data;
    if (!stored || record === undefined) return undefined;
    const changed = change(record);
    if (changed === record) return record;
    try {
      await bucket.update(entry, JSON.stringify(changed), stored.revision);
      return changed;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw new AppError('UNAVAILABLE', `${what} are being changed.`);
}
