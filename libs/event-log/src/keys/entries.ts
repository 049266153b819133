import { AppError } from '@opensync/platform';
import type { KV } from '@nats-io/kv';
import { isConflict } from '../jetstream-codes.ts';
import { apiKeyRecordSchema, restrict, type ApiKeyRecord } from './records.ts';

/** Stores the value unless there is one; gives what is stored. */
export async function createOrGet(bucket: KV, key: string, value: object): Promise<unknown> {
  try {
    await bucket.create(key, JSON.stringify(value));
    return value;
  } catch (error) {
    if (!isConflict(error)) throw error;
    const entry = await bucket.get(key);
    if (!entry) throw new AppError('UNAVAILABLE', 'The API keys are being changed.', { cause: error });
    return entry.json();
  }
}

/**
 * Stores the record; where there is one, that keeps what it says, but for a revocation or an earlier expiry of the other.
 */
export async function createOrRestrict(bucket: KV, entry: string, record: ApiKeyRecord): Promise<void> {
  for (;;) {
    const stored = await bucket.get(entry);
    try {
      if (stored?.operation !== 'PUT') {
        await bucket.create(entry, JSON.stringify(record));
        return;
      }
      const kept = apiKeyRecordSchema.safeParse(stored.json()).data;
      // What is not a record lets nobody in.
      if (!kept) return;
      const restricted = restrict(kept, record);
      if (restricted !== kept) await bucket.update(entry, JSON.stringify(restricted), stored.revision);
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Somebody else was first: it is looked at again.
    }
  }
}
