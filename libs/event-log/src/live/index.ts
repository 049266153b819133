export { announceApplied } from './announce-applied.ts';
export { hearApplied, type AppliedListener } from './hear-applied.ts';
export { changesAfter, type ChangedDocuments } from './changes-after.ts';
