import type { Projection } from '@opensync/contracts';
import { logFacts, type LogConnection } from '@opensync/event-log';
import {
  compareWithLog,
  type Confirmed,
  confirmedPosition,
  type DocumentStore,
  type Generations,
  type Positioned,
  type StoreCondition,
  type StoreDescription,
  type StorePosition,
  UnusableStoreError,
} from '@opensync/stores';
import type { UnusableStores } from './unusable-stores.ts';

export interface ExamineContext {
  readonly nc: LogConnection;
  readonly generations: Pick<Generations, 'used'>;
  readonly unusable: UnusableStores;
}

export interface Examined {
  readonly condition: StoreCondition;
  /** The generation that was checked. */
  readonly generation: number;
  readonly position: StorePosition | undefined;
  /** The recorded position, read before the store's own. */
  readonly confirmed: Confirmed | undefined;
  /** The sequence of the first event of the log; 1 if the log was not read. */
  readonly first: number;
  /** Whether the log is known to have no events. */
  readonly isLogEmpty: boolean;
}

/**
 * The relation of a store's live generation to the log.
 * @param given as in LogFacts
 * @param reachOf the latest event that may be in the store, if it knows more than its witness
 * @throws AppError UNAVAILABLE if the log or the store is unavailable
 */
export async function examine(
  { nc, generations, unusable }: ExamineContext,
  projection: Projection,
  store: Pick<Positioned, 'position'> & { describe(): Promise<StoreDescription> },
  given: number,
  reachOf: () => Promise<number> = async () => 0,
): Promise<Examined> {
  const generation = generations.used([projection])[projection]!;
  const unusableFor = (problem: string): Examined => ({
    ...{ generation, position: undefined, confirmed: undefined, first: 1, isLogEmpty: false },
    condition: { kind: 'unusable', problem },
  });
  const known = unusable.problemOf(projection, generation);
  if (known !== undefined) return unusableFor(known);
  try {
    const confirmed = await confirmedPosition(nc, projection, generation);
    const position = await store.position();
    const isEmpty = !position && Object.values((await store.describe()).counts).every((count) => count === 0);
    // Before the end of the log is read: events may arrive meanwhile.
    const reach = Math.max(position?.witness?.sequence ?? 0, await reachOf());
    const inLog = { given, confirmed: confirmed?.sequence, witness: position?.witness };
    const { isLogEmpty, ...log } = await logFacts(nc, inLog);
    const condition = compareWithLog(log, { position, reach, isEmpty });
    return { generation, position, confirmed, first: log.first, isLogEmpty, condition };
  } catch (error) {
    if (!(error instanceof UnusableStoreError)) throw error;
    return unusableFor(error.message);
  }
}

/** The relation of the documents to the log. @throws AppError UNAVAILABLE if the log or the store is unavailable */
export async function examineDocuments(
  context: ExamineContext,
  documents: Pick<DocumentStore, 'position' | 'describe' | 'reach'>,
  given: number,
): Promise<Examined> {
  return examine(context, 'documents', documents, given, () => documents.reach());
}
