import { METRIC } from '../telemetry/names.ts';
import type { Alert } from './alert.ts';
import { select, series } from './selectors.ts';

const HOUR = 3600;
/** A backup a day, a rehearsal a week, and some patience. */
const BACKUP_HOURS = 26;
const PROOF_HOURS = 8 * 24;
const age = (metric: string) => `time() - max(${metric})`;
/** In a test, time begins at 0. */
const ago = (hours: number) => -hours * HOUR;

/** Without a backup the time is 0, and these fire, too. */
export const BACKUP_ALERTS: readonly Alert[] = [
  {
    name: 'OpenSyncBackupOld',
    severity: 'critical',
    expr: `${age(select(METRIC.backupSuccess))} > ${BACKUP_HOURS * HOUR}`,
    for: '1h',
    summary: 'There is no recent backup',
    description: 'The last backup ended {{ $value | humanizeDuration }} ago; if that is decades, there is none yet.',
    test: { series: [series(METRIC.backupSuccess, {}, `${ago(BACKUP_HOURS)}x100`)], minutes: 70 },
  },
  {
    name: 'OpenSyncBackupUnproven',
    severity: 'warning',
    expr: `${age(select(METRIC.backupProof))} > ${PROOF_HOURS * HOUR}`,
    for: '1h',
    summary: 'No rehearsal has proved a backup lately',
    description:
      'The last rehearsal that succeeded was {{ $value | humanizeDuration }} ago; if that is decades, there was none yet.',
    test: { series: [series(METRIC.backupProof, {}, `${ago(PROOF_HOURS)}x100`)], minutes: 70 },
  },
  {
    name: 'OpenSyncBackupDamaged',
    severity: 'critical',
    expr: `max(${select(METRIC.backupProofFailed)}) == 1`,
    for: '1m',
    summary: 'The last rehearsal could not restore the backup',
    description: 'The backup is damaged, incomplete, or restores to something else than the live data.',
    test: { series: [series(METRIC.backupProofFailed, {}, '1x60')], minutes: 5 },
  },
];
