import type { Projection } from '@opensync/contracts';
import { CONSUMER, consumerFacts, logFacts, ProjectionProgress, type LogFacts } from '@opensync/event-log';
import { embeddingModelOf, isRetryable, type Settings } from '@opensync/platform';
import {
  compareWithLog,
  conditionLine,
  confirmedPosition,
  isOfModel,
  recordNow,
  STORE_URL,
  type StoreCondition,
  type StoreReport,
} from '@opensync/stores';
import { COMMAND } from './command-name.ts';
import type { Target } from './target.ts';

/** The relation of a store to the log, for an operator. */
export interface Discrepancy {
  readonly condition: StoreCondition['kind'];
  readonly line: string;
  /** What to do, or what happens automatically. */
  readonly fix: string;
}

/**
 * The last confirmed position of a store, if known. Read it before you ask the store itself: its projector may move
 * and record the position in between, and the store would look older than it is.
 */
export async function confirmedSequence(
  { nc }: Target,
  kind: Projection,
  generation: number,
): Promise<number | undefined> {
  try {
    return (await confirmedPosition(nc, kind, generation))?.sequence;
  } catch (error) {
    // If nothing runs, nobody has created the bucket.
    if (isRetryable(error)) return undefined;
    throw error;
  }
}

/**
 * Compares a store's report with the log; undefined if it is complete, or that cannot be determined.
 * @param confirmed the result of confirmedSequence
 */
export async function discrepancyOf(
  report: StoreReport,
  confirmed: number | undefined,
  target: Target,
  settings: Settings,
): Promise<Discrepancy | undefined> {
  if ('problem' in report) return undefined;
  const { nc } = target;
  const { kind, position, counts } = report;
  // Each model has its own index, and this shell may have other settings than the projector.
  if (kind === 'vectors' && target.kind === 'stopped' && !(await isOfThisModel(target, settings))) return undefined;
  const given = await givenTo(kind, target);
  const facts = await logFacts(nc, { given, confirmed, witness: position?.witness }).catch(orEmptyLog);
  const isEmpty = Object.values(counts).every((count) => count === 0);
  const reach = Math.max(position?.witness?.sequence ?? 0, report.reach ?? 0);
  const condition = compareWithLog(facts, { position, reach, isEmpty });
  const line = conditionLine(condition);
  if (line === undefined) return undefined;
  return { condition: condition.kind, line, fix: fixOf(condition, kind, target, settings) };
}

/** If nothing runs, nobody has created the missing streams. */
function orEmptyLog(error: unknown): LogFacts {
  if (!isRetryable(error)) throw error;
  return { first: 1, last: 0, given: 0, confirmed: undefined, isSameLog: undefined };
}

/** As in LogFacts; also 0 if the consumer is missing, since it then starts over. */
async function givenTo(kind: Projection, { nc }: Target): Promise<number> {
  try {
    if (kind === 'documents') return await new ProjectionProgress(nc).applied(CONSUMER.documents);
    return (await consumerFacts(nc, CONSUMER[kind])).wasFed ? 1 : 0;
  } catch (error) {
    if (isRetryable(error)) return 0;
    throw error;
  }
}

async function isOfThisModel({ nc }: Target, settings: Settings): Promise<boolean> {
  const record = await recordNow(nc, 'vectors').catch(() => undefined);
  return record === undefined || isOfModel(record, embeddingModelOf(settings));
}

function fixOf(condition: StoreCondition, store: Projection, target: Target, settings: Settings): string {
  const { kind } = condition;
  const isEmbedded = target.kind !== 'remote' && settings[STORE_URL[store]] === undefined;
  if (kind === 'ahead' && condition.last === 0) {
    return 'if you have a backup of the log, restore it; otherwise the next start keeps the contents of the store and continues';
  }
  const isForeign = kind === 'ahead' || kind === 'foreign';
  if (isForeign && !isEmbedded) {
    return `set ${STORE_URL[store]} to the store of this log, or rebuild it from this log: ${COMMAND} rebuild ${store} --force`;
  }
  if (target.kind !== 'stopped') return 'it is refilled automatically; writes and reads continue';
  const what = isForeign ? 'keeps it and builds a new one' : 'refills it';
  return `the next start ${what} from the log; to do it now: ${COMMAND} rebuild ${store}${isForeign ? ' --force' : ''}`;
}
