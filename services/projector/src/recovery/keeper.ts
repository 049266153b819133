import type { Projection } from '@opensync/contracts';
import type { LogConnection } from '@opensync/event-log';
import { type Confirmed, confirmPosition, type StoreCondition } from '@opensync/stores';
import type { Examined } from './examine.ts';

/** The result of one check of a store. */
export interface Finding {
  readonly condition: StoreCondition;
  /** The generation that was checked. */
  readonly generation: number;
  /** The action that was just started, as the continuation of a sentence about the store. */
  readonly action?: string;
  /** The progress of a repair, if the condition has no numbers. */
  readonly progress?: string;
  /** The store does not belong to this log, or cannot be read: nothing repairs it in place. */
  readonly isDisplaced?: true;
  /** It is not replaced either: a new one would be built from the documents, which do not match the log themselves. */
  readonly isWaiting?: true;
}

/** Keeps the position of one store, and repairs missing data. */
export interface Keeper {
  readonly projection: Projection;
  /**
   * Compares the store with the log, and acts on the result. @throws AppError UNAVAILABLE if one of them is
   * unavailable
   */
  look(): Promise<Finding>;
  /** Ends a running repair; it continues at the next start. */
  close(): Promise<void>;
}

/** Records the position of a store, if it changed. @throws AppError UNAVAILABLE */
export async function recordPosition(
  nc: LogConnection,
  projection: Projection,
  { generation, confirmed }: Pick<Examined, 'generation' | 'confirmed'>,
  next: Confirmed,
): Promise<void> {
  if (confirmed?.sequence === next.sequence && confirmed.repair === next.repair) return;
  await confirmPosition(nc, projection, { generation, ...next });
}
