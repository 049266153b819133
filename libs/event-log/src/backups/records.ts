import type { KV } from '@nats-io/kv';
import { z } from 'zod';
import type { LogConnection } from '../connection.ts';
import { openBucket } from '../bucket.ts';
import { BACKUP_BUCKET } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

/** The last backup that ended well. */
const backupSchema = z.object({
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** Where it is, without credentials. */
  place: z.string(),
  /** The last sequence that it holds. */
  to: z.number().int().nonnegative(),
  /** The part that was written; absent from records of earlier versions. */
  file: z.string().optional(),
  bytes: z.number().int().nonnegative().optional(),
  events: z.number().int().nonnegative().optional(),
  /** Of the file, hexadecimal. */
  sha256: z.string().optional(),
  /** Payloads that the log has lost, and the backup lacks. */
  lost: z.number().int().nonnegative().optional(),
});
export type BackupRecord = z.infer<typeof backupSchema>;

/** A rehearsal: a restore into a scratch folder, and what the comparison with the live documents found. */
const rehearsalSchema = backupSchema.extend({
  sessions: z.number().int().nonnegative(),
  /** Over the restored documents, hexadecimal; of a failed one it may be absent. */
  digest: z.string().optional(),
  /** Why it proves nothing; absent if it does. */
  problem: z.string().optional(),
});
export type RehearsalRecord = z.infer<typeof rehearsalSchema>;

/** What is known of backups of a log. */
export interface BackupRecords {
  readonly backup?: BackupRecord | undefined;
  /** The last rehearsal, whatever it found. */
  readonly rehearsal?: RehearsalRecord | undefined;
  /** The last one that found the backup in order. */
  readonly proof?: RehearsalRecord | undefined;
}

/** The last ones of each kind, newest first: for people, who compare them. */
export interface BackupHistory {
  readonly backups: readonly BackupRecord[];
  readonly rehearsals: readonly RehearsalRecord[];
}
const MOST_KEPT = 30;
/** Of a problem, whose text names what differs. */
const PROBLEM_CHARACTERS = 500;
const historySchema = z.object({
  backups: z.array(backupSchema).catch([]).default([]),
  rehearsals: z.array(rehearsalSchema).catch([]).default([]),
});
const HISTORY = 'history';

const SCHEMAS = { backup: backupSchema, rehearsal: rehearsalSchema, proof: rehearsalSchema } as const;

/** @throws AppError UNAVAILABLE */
export async function readBackupRecords(nc: LogConnection): Promise<BackupRecords> {
  return orUnavailable(nc, async () => {
    const bucket = await openBucket(nc, BACKUP_BUCKET);
    const read = async <Name extends keyof typeof SCHEMAS>(name: Name) => {
      const entry = await bucket.get(name);
      return entry?.operation === 'PUT' ? SCHEMAS[name].safeParse(entry.json()).data : undefined;
    };
    const [backup, rehearsal, proof] = await Promise.all([read('backup'), read('rehearsal'), read('proof')]);
    return { backup, rehearsal, proof } as BackupRecords;
  });
}

/** @throws AppError UNAVAILABLE */
export async function readBackupHistory(nc: LogConnection): Promise<BackupHistory> {
  return orUnavailable(nc, async () => historyIn(await openBucket(nc, BACKUP_BUCKET)));
}

/** @throws AppError UNAVAILABLE */
export async function recordBackup(nc: LogConnection, record: BackupRecord): Promise<void> {
  await put(nc, { backup: record });
}

/** @throws AppError UNAVAILABLE */
export async function recordRehearsal(nc: LogConnection, record: RehearsalRecord): Promise<void> {
  await put(nc, { rehearsal: record, ...(record.problem === undefined && { proof: record }) });
}

async function put(nc: LogConnection, records: BackupRecords): Promise<void> {
  await orUnavailable(nc, async () => {
    const bucket = await openBucket(nc, BACKUP_BUCKET);
    for (const [name, record] of Object.entries(records)) await bucket.put(name, JSON.stringify(record));
    // Two that end at the same moment may lose a line of the list; the last of each is in an entry of its own.
    const { backups, rehearsals } = await historyIn(bucket);
    const { backup, rehearsal } = records;
    await bucket.put(
      HISTORY,
      JSON.stringify({
        backups: [...(backup ? [backup] : []), ...backups].slice(0, MOST_KEPT),
        rehearsals: [...(rehearsal ? [brief(rehearsal)] : []), ...rehearsals].slice(0, MOST_KEPT),
      }),
    );
  });
}

async function historyIn(bucket: KV): Promise<BackupHistory> {
  const entry = await bucket.get(HISTORY);
  const history = entry?.operation === 'PUT' ? historySchema.safeParse(entry.json()).data : undefined;
  return history ?? { backups: [], rehearsals: [] };
}

const brief = (record: RehearsalRecord): RehearsalRecord => ({
  ...record,
  ...(record.problem !== undefined && { problem: record.problem.slice(0, PROBLEM_CHARACTERS) }),
});
