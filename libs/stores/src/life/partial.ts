import type { GenerationRecord } from './records.ts';

/**
 * Whether an index is known to lack documents: all are being announced to it, or its consumer was created again, so that it has
 * missed changes, and no projector has noticed yet.
 * @param created when its consumer was created; undefined if that is not known
 */
export function lacksDocuments({ fill, feed }: GenerationRecord, created: string | undefined): boolean {
  return fill !== undefined || (feed !== undefined && created !== undefined && feed !== created);
}
