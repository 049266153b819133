import type { Projection } from '@opensync/contracts';
import type { LogConnection } from '@opensync/event-log';
import { formerPosition } from './former.ts';
import { RecordEntry, recordNow } from './record-entry.ts';
import type { Confirmed } from './records.ts';
import { confirm } from './transitions.ts';

/**
 * The last confirmed position of the live generation of a store; undefined if none was recorded for this generation.
 * The log keeps it, so that a store which comes back with less is noticed: neither can be replaced by an older copy
 * without the other noticing.
 * @throws AppError UNAVAILABLE
 */
export async function confirmedPosition(
  nc: LogConnection,
  projection: Projection,
  generation: number,
): Promise<Confirmed | undefined> {
  const record = await recordNow(nc, projection);
  if (record?.live === generation && record.position) return record.position;
  return formerPosition(nc, projection, generation);
}

/**
 * Call it after the store has that position. If the log lost the record, nothing is recorded: only the process that
 * recreates it knows what is valid.
 * @throws AppError UNAVAILABLE
 */
export async function confirmPosition(
  nc: LogConnection,
  projection: Projection,
  { generation, ...position }: Confirmed & { readonly generation: number },
): Promise<void> {
  const entry = await RecordEntry.find(nc, projection);
  await entry?.change((record) => confirm(record, generation, position));
}
