import type { Projection } from '@opensync/contracts';
import type { LogConnection } from '@opensync/event-log';
import { type Confirmed, confirmPosition, type StoreCondition } from '@opensync/stores';
import type { Examined } from './examine.ts';

/** What one look at a store has found. */
export interface Finding {
  readonly condition: StoreCondition;
  /** The generation that was looked at. */
  readonly generation: number;
  /** What is done about it, if that has just begun; goes on a sentence about the store. */
  readonly action?: string;
  /** How far a repair is that has no figures in the condition. */
  readonly progress?: string;
  /** The store is not of this log, or cannot be read: nothing repairs it in place. */
  readonly isDisplaced?: true;
  /** It is not set aside either: a new one would be made from the documents, which do not follow the log themselves. */
  readonly isWaiting?: true;
}

/** Keeps the position of one store, and repairs what the store lacks of what it was given. */
export interface Keeper {
  readonly projection: Projection;
  /** Compares the store with the log, and does what follows from that. @throws AppError UNAVAILABLE if one of them is away */
  look(): Promise<Finding>;
  /** Ends a repair that is under way; it goes on at the next start. */
  close(): Promise<void>;
}

/** Records the position that a store has, if that is news. @throws AppError UNAVAILABLE */
export async function recordPosition(
  nc: LogConnection,
  projection: Projection,
  { generation, confirmed }: Pick<Examined, 'generation' | 'confirmed'>,
  next: Confirmed,
): Promise<void> {
  if (confirmed?.sequence === next.sequence && confirmed.repair === next.repair) return;
  await confirmPosition(nc, projection, { generation, ...next });
}
