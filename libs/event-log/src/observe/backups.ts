import { gauge, METRIC, type Registry } from '@opensync/platform/telemetry';
import { readBackupRecords, type BackupRecords } from '../backups/records.ts';
import type { LogConnection } from '../connection.ts';

/** Three gauges share one answer. */
const FRESH_MS = 5000;

/** Shows when the last backup and the last proof of one ended, and whether the last rehearsal failed. */
export function observeBackups(metrics: Registry, nc: LogConnection): void {
  let records: Promise<BackupRecords> | undefined;
  let readAt = -Infinity;
  const current = () => {
    if (!records || performance.now() - readAt > FRESH_MS) {
      records = readBackupRecords(nc);
      readAt = performance.now();
    }
    return records;
  };
  const seconds = (record: { at: number } | undefined) => [{ value: (record?.at ?? 0) / 1000 }];
  gauge(metrics, METRIC.backupSuccess, async () => seconds((await current()).backup));
  gauge(metrics, METRIC.backupProof, async () => seconds((await current()).proof));
  gauge(metrics, METRIC.backupProofFailed, async () => [
    { value: (await current()).rehearsal?.problem === undefined ? 0 : 1 },
  ]);
}
