export { exportLog, type ExportOptions } from './export-log.ts';
export { importLog, type ImportOptions, type ImportSummary } from './import-log.ts';
export { NO_COUNTS, TransferError, type TransferCounts } from './lines.ts';
export { openExport } from './read-export.ts';
export { splitLines } from './split-lines.ts';
