import type { GenerationRecord } from './records.ts';

/**
 * Whether an index is known to be missing documents: all are being announced to it, or its consumer was recreated and
 * has missed changes, which no projector has noticed yet.
 * @param created when its consumer was created; undefined if unknown
 */
export function lacksDocuments({ fill, feed }: GenerationRecord, created: string | undefined): boolean {
  return fill !== undefined || (feed !== undefined && created !== undefined && feed !== created);
}
