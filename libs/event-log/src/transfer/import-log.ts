import type { KV } from '@nats-io/kv';
import { isEventSubject } from '@opensync/contracts';
import type { LogConnection } from '../connection.ts';
import { openBucket } from '../bucket.ts';
import { createOrGet, createOrRestrict } from '../keys/entries.ts';
import { apiKeyRecordSchema, SECRET_ENTRY, secretEntrySchema } from '../keys/records.ts';
import { PayloadStore } from '../payloads/payload-store.ts';
import { HOLD_MS, PendingRemovals } from '../removal/pending.ts';
import { KEY_BUCKET } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { EventImporter } from './event-importer.ts';
import { TransferError, type TransferCounts } from './lines.ts';
import { openExport, type ContentLine } from './read-export.ts';
import { StoredHistory } from './stored-history.ts';

export interface ImportOptions {
  /** Default true. False leaves the API keys of the target as they are. */
  readonly keys?: boolean;
  /** Checks file and target, compares existing events, and writes nothing. */
  readonly dryRun?: boolean;
  /** Called after each step; `total` is the number of events in the file. */
  readonly onProgress?: (counts: Readonly<TransferCounts>, total: number) => void;
}

export interface ImportSummary extends TransferCounts {
  /** API keys of the file that were left out, as asked; not counted in `apiKeys`. */
  readonly apiKeysLeftOut: number;
  /** Events that an earlier import had already stored; counted in `events` too. */
  readonly skipped: number;
  /** Events that were skipped because their subject is not an event subject; counted in `events` too. */
  readonly foreign: number;
  /** Whether events have other sequences here than at the source. Their order is the same. */
  readonly renumbered: boolean;
}

/**
 * Imports the output of {@link exportLog}, line by line, into an empty log. After an interruption it continues where
 * it stopped; a later export of the same log adds its new events.
 * @throws TransferError if the file is damaged, or the target does not fit it; AppError UNAVAILABLE
 */
export async function importLog(
  nc: LogConnection,
  lines: AsyncIterable<string>,
  { keys = true, dryRun = false, onProgress }: ImportOptions = {},
): Promise<ImportSummary> {
  const file = await openExport(lines);
  // Checks that it may be imported at all before anything is written.
  const events = await EventImporter.open(nc, file.header.source);
  const bucket = await orUnavailable(nc, () => openBucket(nc, KEY_BUCKET));
  const payloads = new PayloadStore(nc);
  const hold = dryRun ? undefined : new Hold(nc);
  const stored = dryRun ? new StoredHistory(nc, file.header.source) : undefined;
  let skipped = 0;
  let foreign = 0;
  const take = async (line: ContentLine) => {
    await hold?.renew();
    if (line.kind === 'key' && keys) await (dryRun ? checkSecret(nc, bucket, line) : importKey(nc, bucket, line));
    if (line.kind === 'payload' && !dryRun) {
      await payloads.put(line.owner ?? 'unscoped', Buffer.from(line.base64, 'base64'));
    }
    if (line.kind === 'event') {
      // A file may come from anywhere: it must not write to other subjects than those of events.
      if (!isEventSubject(line.subject)) foreign++;
      else if (line.sequence <= events.resumeAfter) {
        skipped++;
        await stored?.compare(line);
      } else if (!dryRun) await events.add(line);
    }
    onProgress?.(file.counts, file.header.events);
  };
  try {
    for await (const line of file.lines) await take(line);
  } catch (error) {
    // The valid part is kept: repeated with a complete file, the import continues after it.
    if (error instanceof TransferError) await events.flush();
    throw error;
  } finally {
    await stored?.close();
  }
  await events.flush();
  await hold?.release();
  const { apiKeys } = file.counts;
  return {
    ...file.counts,
    ...(keys ? { apiKeysLeftOut: 0 } : { apiKeys: 0, apiKeysLeftOut: apiKeys }),
    skipped,
    foreign,
    renumbered: events.renumbered,
  };
}

/**
 * All payloads of a file come before the events that name them. Meanwhile nothing may be removed for an already
 * imported deletion. A failed import leaves the hold in place, so that it can continue.
 */
class Hold {
  readonly #removals: PendingRemovals;
  #renewedAt = -Infinity;

  constructor(nc: LogConnection) {
    this.#removals = new PendingRemovals(nc);
  }

  async renew(): Promise<void> {
    if (performance.now() - this.#renewedAt < HOLD_MS / 10) return;
    await this.#removals.hold();
    // Also if this ends early: payloads that are stored already may be those of deleted sessions.
    if (this.#renewedAt === -Infinity) await this.#removals.deriveAgain();
    this.#renewedAt = performance.now();
  }

  async release(): Promise<void> {
    await this.#removals.deriveAgain();
    await this.#removals.release();
  }
}

type KeyLine = Extract<ContentLine, { kind: 'key' }>;

async function importKey(nc: LogConnection, bucket: KV, line: KeyLine): Promise<void> {
  const { entry, value } = line;
  if (entry !== SECRET_ENTRY) {
    const record = apiKeyRecordSchema.safeParse(value).data;
    if (!record) throw new TransferError(`the API key ${entry} is damaged`);
    // A later export may know of a revocation that an earlier one could not; the target may know of others.
    return orUnavailable(nc, () => createOrRestrict(bucket, entry, record));
  }
  assertSameSecret(await orUnavailable(nc, () => createOrGet(bucket, entry, value as object)), value);
}

async function checkSecret(nc: LogConnection, bucket: KV, { entry, value }: KeyLine): Promise<void> {
  if (entry !== SECRET_ENTRY) return;
  const kept = await orUnavailable(nc, () => bucket.get(entry));
  if (kept?.operation === 'PUT') assertSameSecret(kept.json(), value);
}

function assertSameSecret(kept: unknown, given: unknown): void {
  const [here, there] = [secretEntrySchema.parse(kept), secretEntrySchema.parse(given)];
  if (here.fingerprint === there.fingerprint) return;
  throw new TransferError(
    'the API keys in the file and in the target were hashed with different secrets: import before the services of the target have started once, set the same OPENSYNC_KEY_SECRET for both, or leave the keys out with --without-keys and create new ones',
  );
}
