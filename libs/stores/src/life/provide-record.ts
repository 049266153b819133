import type { Projection } from '@opensync/contracts';
import type { KV, KvEntry } from '@nats-io/kv';
import { nuid } from '@nats-io/transport-node';
import { CONSUMER, isConflict, wasEverFed, type LogConnection } from '@opensync/event-log';
import { generationsInUse } from './in-use.ts';
import { FIRST_RECORD, liveEntry, recordOf, type GenerationRecord } from './records.ts';
import { restored } from './transitions.ts';

/**
 * Gives the record of a store's generations, and sees to it that there is one. A server that comes back with an empty volume
 * has none, or one that a process has begun which did not know better: then it is written as it is `known` here. A
 * process that has just started, and knows none, goes by what the others use. If documents were projected already, nobody knows
 * what an index holds: it may be an older copy, or a fill may have been open. So it is filled again.
 * @throws Error where the bucket does not answer
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
      // Somebody else was first; what is there now is looked at.
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
