export {
  readBackupHistory,
  readBackupRecords,
  recordBackup,
  recordRehearsal,
  type BackupHistory,
  type BackupRecord,
  type BackupRecords,
  type RehearsalRecord,
} from './records.ts';
export { BackupError, folderPlace, type BackupPlace } from './place.ts';
export { makeBackup, type BackupOptions, type BackupReport } from './make-backup.ts';
export { restoreBackup, verifyBackup, type VerifiedBackup } from './restore-backup.ts';
