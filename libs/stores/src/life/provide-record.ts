import type { Projection } from '@opensync/contracts';
import type { KV, KvEntry } from '@nats-io/kv';
import { nuid } from '@nats-io/transport-node';
import { CONSUMER, isConflict, wasEverFed, type LogConnection } from '@opensync/event-log';
import { generationsInUse } from './in-use.ts';
import { FIRST_RECORD, liveEntry, recordOf, type GenerationRecord } from './records.ts';
import { restored } from './transitions.ts';

/**
 * Returns the record of a store's generations, and creates it if it is missing. A server that comes back with an
 * empty volume has none, or one from a process that did not know better: then the `known` one is written. A process
 * that has just started, and knows none, uses what the others use. If documents were already projected, the contents
 * of an index are unknown: it may be an older copy, or a fill may have been open. So it is filled again.
 * @throws Error if the bucket does not answer
 */
export async function provideRecord(
  nc: LogConnection,
  bucket: KV,
  projection: Projection,
  known?: GenerationRecord,
): Promise<KvEntry> {
  for (;;) {
    const entry = await bucket.get(liveEntry(projection));
    const stored = recordOf(entry);
    if (entry && stored && stored.live >= (known?.live ?? 0)) return entry;
    const record = known ?? (await firstRecord(nc, projection));
    const body = JSON.stringify(restored(record, stored));
    try {
      await bucket.put(liveEntry(projection), body, { previousSeq: entry?.revision ?? 0 });
    } catch (error) {
      // Another process was first; read its record.
      if (!isConflict(error)) throw error;
    }
  }
}

async function firstRecord(nc: LogConnection, projection: Projection): Promise<GenerationRecord> {
  const record = { live: await highestInUse(nc, projection), kept: [] };
  if (projection === 'documents') return record;
  const fed = await Promise.all([CONSUMER.documents, CONSUMER[projection]].map((consumer) => wasEverFed(nc, consumer)));
  return fed.includes(true) ? { ...record, fill: { token: nuid.next() } } : record;
}

async function highestInUse(nc: LogConnection, projection: Projection): Promise<number> {
  const uses = await generationsInUse(nc);
  return Math.max(FIRST_RECORD.live, ...uses.map((use) => use[projection] ?? 0));
}
