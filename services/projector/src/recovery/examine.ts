import { compareWithLog, logFacts, type Generations, type Projection, type StoreCondition } from '@opensync/event-log';
import { UnusableStoreError, type Positioned, type StoreDescription, type StorePosition } from '@opensync/stores';
import type { NatsConnection } from '@nats-io/transport-node';
import type { UnusableStores } from './unusable-stores.ts';

export interface ExamineContext {
  readonly nc: NatsConnection;
  readonly generations: Pick<Generations, 'used'>;
  readonly unusable: UnusableStores;
}

export interface Examined {
  readonly condition: StoreCondition;
  /** The generation that was looked at. */
  readonly generation: number;
  readonly position: StorePosition | undefined;
  /** Whether the log is known to have no events. */
  readonly isLogEmpty: boolean;
}

/**
 * How the live generation of a store stands to the log.
 * @param given as in LogFacts
 * @param reachOf the latest event that may be in the store, if it knows of more than its witness
 * @throws AppError UNAVAILABLE if the log or the store is away
 */
export async function examine(
  { nc, generations, unusable }: ExamineContext,
  projection: Projection,
  store: Positioned & { describe(): Promise<StoreDescription> },
  given: number,
  reachOf: () => Promise<number> = async () => 0,
): Promise<Examined> {
  const generation = generations.used([projection])[projection]!;
  const unusableFor = (problem: string): Examined => ({
    ...{ generation, position: undefined, isLogEmpty: false },
    condition: { kind: 'unusable', problem },
  });
  const known = unusable.problemOf(projection, generation);
  if (known !== undefined) return unusableFor(known);
  try {
    const position = await store.position();
    const isEmpty = !position && Object.values((await store.describe()).counts).every((count) => count === 0);
    // Before the end of the log is read: events may arrive meanwhile.
    const reach = Math.max(position?.witness?.sequence ?? 0, await reachOf());
    const { isLogEmpty, ...log } = await logFacts(nc, { projection, generation, given, witness: position?.witness });
    return { generation, position, isLogEmpty, condition: compareWithLog(log, { position, reach, isEmpty }) };
  } catch (error) {
    if (!(error instanceof UnusableStoreError)) throw error;
    return unusableFor(error.message);
  }
}
