import { createHash } from 'node:crypto';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { createOrGet, createOrRestrict } from '../keys/entries.ts';
import { apiKeyRecordSchema, SECRET_ENTRY, secretEntrySchema } from '../keys/records.ts';
import { PayloadStore } from '../payloads/payload-store.ts';
import { KEY_BUCKET } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { EventImporter } from './event-importer.ts';
import {
  headerLineSchema,
  lineSchema,
  TransferError,
  type HeaderLine,
  type Line,
  type TransferCounts,
} from './lines.ts';

export interface ImportOptions {
  /** Default true. False leaves the API keys of the target as they are. */
  readonly keys?: boolean;
  /** Told after each step; `total` is the number of events in the file. */
  readonly onProgress?: (counts: Readonly<TransferCounts>, total: number) => void;
}

export interface ImportSummary extends TransferCounts {
  /** Events that an earlier import had stored already; counted in `events` too. */
  readonly skipped: number;
  /** Whether events have other sequences here than they had there. Their order is the same. */
  readonly renumbered: boolean;
}

/**
 * Reads what {@link exportLog} wrote, line by line, into an empty log. Interrupted and begun again it goes on where it
 * was; a later export of the same log adds what that has more.
 * @throws TransferError where the file or the target is not right for it; AppError UNAVAILABLE
 */
export async function importLog(
  nc: NatsConnection,
  lines: AsyncIterable<string>,
  { keys = true, onProgress }: ImportOptions = {},
): Promise<ImportSummary> {
  const counts: TransferCounts = { keys: 0, payloads: 0, events: 0 };
  const payloads = new PayloadStore(nc);
  let skipped = 0;
  let target: { header: HeaderLine; events: EventImporter; keys: KV } | undefined;
  let number = 0;
  for await (const text of lines) {
    number++;
    if (!target) {
      const header = parseLine(number, text, headerLineSchema.safeParse);
      // Whether it may be imported at all is found out before anything is written.
      const events = await EventImporter.open(nc, header.source);
      target = { header, events, keys: await orUnavailable(nc, () => new Kvm(nc).open(KEY_BUCKET)) };
      continue;
    }
    const line: Line = parseLine(number, text, lineSchema.safeParse);
    switch (line.kind) {
      case 'key':
        if (keys) await importKey(nc, target.keys, line);
        break;
      case 'payload':
        await importPayload(payloads, line);
        break;
      case 'event':
        if (line.sequence <= target.events.resumeAfter) skipped++;
        else await target.events.add(line);
        break;
      case 'end':
        await target.events.flush();
        assertComplete(line, counts);
        return { ...counts, skipped, renumbered: target.events.renumbered };
    }
    counts[`${line.kind}s`]++;
    onProgress?.(counts, target.header.events);
  }
  await target?.events.flush();
  throw new TransferError(
    `the file ends after ${counts.events} events without its last line: it was cut off; export it again, then repeat the import`,
  );
}

function parseLine<T>(
  number: number,
  text: string,
  parse: (value: unknown) => { success: true; data: T } | { success: false },
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Reported below.
  }
  const parsed = parse(value);
  if (parsed.success) return parsed.data;
  throw new TransferError(
    number === 1
      ? 'this is not a file of opensync export-log, or one of a newer version'
      : `line ${number} is damaged; nothing after it was imported`,
  );
}

async function importKey(nc: NatsConnection, bucket: KV, { entry, value }: Extract<Line, { kind: 'key' }>) {
  if (entry !== SECRET_ENTRY) {
    const record = apiKeyRecordSchema.safeParse(value).data;
    if (!record) throw new TransferError(`the API key ${entry} is damaged; nothing after it was imported`);
    // A later export may know of a revocation that an earlier one could not; the target may know of others.
    return orUnavailable(nc, () => createOrRestrict(bucket, entry, record));
  }
  const kept = await orUnavailable(nc, () => createOrGet(bucket, entry, value as object));
  const [here, there] = [secretEntrySchema.parse(kept), secretEntrySchema.parse(value)];
  if (here.fingerprint === there.fingerprint) return;
  throw new TransferError(
    'the API keys of the file were hashed with another secret than those of the target: import before the services of the target have started once, give both the same OPENSYNC_KEY_SECRET, or leave the keys out with --without-keys and create new ones',
  );
}

async function importPayload(payloads: PayloadStore, { owner, sha256, base64 }: Extract<Line, { kind: 'payload' }>) {
  const content = Buffer.from(base64, 'base64');
  if (createHash('sha256').update(content).digest('hex') !== sha256) {
    throw new TransferError(`payload ${sha256} is damaged; nothing after it was imported`);
  }
  await payloads.put(owner ?? 'unscoped', content);
}

function assertComplete(end: TransferCounts, counts: TransferCounts): void {
  for (const kind of ['keys', 'payloads', 'events'] as const) {
    if (end[kind] === counts[kind]) continue;
    throw new TransferError(`the file has ${counts[kind]} ${kind} instead of ${end[kind]}: lines are missing`);
  }
}
