import { AppError } from '@opensync/platform';
import type { KV } from '@nats-io/kv';
import { isConflict } from '../jetstream-codes.ts';
import { apiKeyRecordSchema, restrict, type ApiKeyRecord } from './records.ts';

/** Stores the value unless one exists; returns the stored value. */
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
 * Stores the record. An existing record keeps its contents, except that a revocation or an earlier expiry of the new
 * one applies.
 */
export async function createOrRestrict(bucket: KV, entry: string, record: ApiKeyRecord): Promise<void> {
  for (;;) {
    const stored = await bucket.get(entry);
    try {
      // A key that was revoked and forgotten stays away.
      if (stored && stored.operation !== 'PUT') return;
      if (!stored) {
        await bucket.create(entry, JSON.stringify(record));
        return;
      }
      const kept = apiKeyRecordSchema.safeParse(stored.json()).data;
      // An invalid record grants no access.
      if (!kept) return;
      const restricted = restrict(kept, record);
      if (restricted !== kept) await bucket.update(entry, JSON.stringify(restricted), stored.revision);
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Another writer was first: read it again.
    }
  }
}
