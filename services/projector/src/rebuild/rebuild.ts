import type { Projection } from '@opensync/contracts';
import { ownersInLog, whilePaused, type LogConnection } from '@opensync/event-log';
import { AppError } from '@opensync/platform';
import { type Checkpoint, IndexLife, type OnWait, type StoreDescription, type Stores } from '@opensync/stores';
import type { PriceTable } from '../rating/index.ts';
import { untilAvailable, type RebuildProgress } from './candidate.ts';
import { compare, differing, type Comparison, type DifferentSession } from './compare.ts';
import { openSides, type Sides } from './sides.ts';

export interface RebuildResources {
  readonly nc: LogConnection;
  /** Opens one generation of a store. What is opened here is closed here. */
  readonly open: <Name extends Projection>(name: Name, generation: number) => Promise<Stores[Name]>;
  /** Removes one that no process has open. */
  readonly drop: (name: Projection, generation: number) => Promise<void>;
  /** Embeds texts that have no vector yet. */
  readonly embed: (texts: readonly string[]) => Promise<Float32Array[]>;
  /** @throws AppError UNAVAILABLE if the live vectors use another model than `embed` */
  readonly confirmModel: () => Promise<void>;
  /** Prices of models, for the figures of documents; default: figures are computed after the switch. */
  readonly prices?: () => Promise<PriceTable>;
  /** Concurrent calls of `embed`; default 1. */
  readonly embedsAtOnce?: number;
  /** Whether the model reads passages under the title of their session; default false. */
  readonly headings?: () => boolean;
}

export interface RebuildOptions {
  /** Begins a new generation, even if an interrupted run could be continued. */
  readonly restart?: boolean;
  /** Switches even if the new generation is missing data of the live one. */
  readonly force?: boolean;
  /** Removes the generations before this one afterwards. */
  readonly dropOld?: boolean;
  readonly onProgress?: (progress: RebuildProgress) => void;
  /**
   * Called if another process works on this store, with where it runs: once, and every minute from then on. The
   * rebuild begins when that one has ended.
   */
  readonly onWait?: OnWait;
  /** How long the lease of another process must stand still until this one takes over, ms; default 10 s. */
  readonly leaseMs?: number;
  /** How long it waits for every process to open the new generation, ms; default 20 s. */
  readonly switchMs?: number;
}

export interface RebuildReport {
  readonly store: Projection;
  readonly generation: number;
  readonly before: number;
  /** Why the live one could not be read, and counts as empty. */
  readonly unreadable: string | undefined;
  /** The contents of both generations, by kind, shortly before the switch. */
  readonly counts: { readonly before: Counts; readonly now: Counts };
  /** Sessions that are missing or different in the new one; there are more if `differentMore`. */
  readonly different: readonly DifferentSession[];
  readonly differentMore: boolean;
  /** Events, sessions or messages that could not be processed, as before. */
  readonly skipped: number;
  /** Whether every process that answered uses the new generation. */
  readonly switchedEverywhere: boolean;
  /** Generations that are kept until they are removed. */
  readonly kept: readonly number[];
  /** How long the live projection was paused for the switch. */
  readonly pausedMs: number;
}
type Counts = StoreDescription['counts'];

/** The new generation is ready, but the rebuild did not switch to it, because that may be a mistake. */
export class RebuildRefusedError extends Error {
  override readonly name = 'RebuildRefusedError';
}

/** A process opens the other generation within moments, unless its store is unavailable. */
const SWITCH_MS = 20_000;

/**
 * Builds the next generation of a store next to the live one, compares the two, and switches to the new one. Ingest
 * and reads continue; only the projection of this store pauses while the last events are caught up and all processes
 * switch. After an interruption it continues where it stopped. One worker at a time per store.
 * @throws RebuildRefusedError, LeaseLostError; AppError UNAVAILABLE if something stays unavailable
 */
export async function rebuild(
  store: Projection,
  resources: RebuildResources,
  options: RebuildOptions = {},
): Promise<RebuildReport> {
  const life = await untilAvailable(() => IndexLife.open(resources.nc, store, { leaseMs: options.leaseMs }));
  return life.hold(() => makeNext(store, life, resources, options), { onWait: options.onWait, retry: untilAvailable });
}

async function makeNext(
  store: Projection,
  life: IndexLife,
  resources: RebuildResources,
  options: RebuildOptions,
): Promise<RebuildReport> {
  const checkpoint = await begin(store, life, resources, options);
  const { live } = await untilAvailable(() => life.read());
  const sides = await openSides(store, { ...resources, life, live, checkpoint, onProgress: options.onProgress });
  let report: RebuildReport;
  try {
    const { generation } = checkpoint;
    await sides.assertUsable();
    await sides.candidate.fill();
    const before = await untilAvailable(() => sides.live.counts());
    const comparison = await compareSides(sides, before, resources.nc, options);
    // So that little is left to catch up during the pause, and everything that was counted is in the next one, too.
    await sides.candidate.catchUp();
    const counts = { before, now: await untilAvailable(() => sides.next.counts()) };
    if (store === 'documents' && !options.force) assertNotFewer(generation, counts);
    report = await whilePaused(resources.nc, sides.candidate.consumer, () =>
      switchOver(store, { life, before: live, generation, counts, sides, comparison, options }),
    );
  } catch (error) {
    await sides.close('interrupted').catch(() => undefined);
    throw error;
  }
  await untilAvailable(() => sides.close('done'));
  await untilAvailable(() => life.finish({ isFilled: true }));
  // A process still reads the previous one.
  if (!options.dropOld || !report.switchedEverywhere) return report;
  await dropKept(store, resources);
  return { ...report, kept: [] };
}

/**
 * Removes the generations kept from before, and returns their numbers.
 * @throws RebuildRefusedError if a process still uses one of them; AppError UNAVAILABLE, StoreUnavailableError
 */
export async function dropKept(
  store: Projection,
  { nc, drop }: Pick<RebuildResources, 'nc' | 'drop'>,
): Promise<readonly number[]> {
  const life = await IndexLife.open(nc, store);
  const { live, kept } = await life.read();
  if (kept.length > 0 && !(await life.untilAllUse(live, 0))) {
    throw new RebuildRefusedError(
      `a process does not use generation ${live} of ${store} yet, so no earlier generation was removed; check its log or restart it`,
    );
  }
  for (const generation of kept) await drop(store, generation);
  await life.forget(kept);
  return kept;
}

/** The checkpoint of an interrupted run, which this one takes over, or a first one. */
async function begin(
  store: Projection,
  life: IndexLife,
  { drop }: RebuildResources,
  { restart = false }: RebuildOptions,
): Promise<Checkpoint> {
  const { resumed, ...checkpoint } = await untilAvailable(() => life.begin({ restart }));
  if (resumed) return checkpoint;
  // Anything under its number belongs to another history, for example if the log was restored.
  await drop(store, checkpoint.generation);
  // From now on another worker may continue it: this one removes nothing there any more, however late it comes back.
  const prepared = { ...checkpoint, position: 0 };
  await untilAvailable(() => life.saveCheckpoint(prepared));
  return prepared;
}

async function compareSides(
  { live, next }: Sides,
  { sessions: total = 0 }: Counts,
  nc: LogConnection,
  { onProgress }: RebuildOptions,
): Promise<Comparison> {
  return compare(live.contents, next.contents, await ownersInLog(nc), (done) =>
    onProgress?.({ phase: 'comparing', done, total: Math.max(done, total) }),
  );
}

interface SwitchContext {
  readonly life: IndexLife;
  readonly before: number;
  readonly generation: number;
  readonly counts: RebuildReport['counts'];
  readonly sides: Sides;
  readonly comparison: Comparison;
  readonly options: RebuildOptions;
}

/**
 * While the live projection is paused: catches up with it, then switches to the new generation.
 * No event is lost, even if the pause has expired (this process was cut off from the log for longer than the pause
 * lasts) and a process has not heard of the switch: every batch is acknowledged only after the log has confirmed that
 * its generation is live (onLiveGenerations), and the catch-up runs again after the switch. The pause is for readers:
 * each finds in its own process what it has written.
 */
async function switchOver(store: Projection, context: SwitchContext): Promise<RebuildReport> {
  const { life, before, generation, counts, sides, comparison, options } = context;
  const startedAt = performance.now();
  const different = await settled(sides, comparison);
  if (!options.force) assertNotBehind(generation, different, comparison);
  await sides.assertUsable();
  // Before anyone compares it with the log as the live one.
  await untilAvailable(() => sides.keepPosition());
  const { kept } = await untilAvailable(() => life.switchOver());
  let switchedEverywhere: boolean;
  try {
    switchedEverywhere = await untilAvailable(() => life.untilAllUse(generation, options.switchMs ?? SWITCH_MS));
    await untilAvailable(() => sides.candidate.catchUp());
    await untilAvailable(() => sides.assertUsable());
  } catch (error) {
    const message = `generation ${generation} is live, but may lack the latest changes; run the rebuild again: opensync rebuild ${store}`;
    throw new AppError('UNAVAILABLE', message, { cause: error });
  }
  return {
    store,
    generation,
    before,
    unreadable: sides.unreadable,
    counts,
    different,
    differentMore: comparison.more,
    skipped: sides.candidate.skipped,
    switchedEverywhere,
    kept,
    pausedMs: Math.round(performance.now() - startedAt),
  };
}

/**
 * Catches up, and returns the sessions that still differ. Before, one of the generations may have been behind. An
 * index may be even now: an indexer writes the current documents, which are ahead of the change that announces them.
 */
async function settled(
  { candidate, live, next }: Sides,
  { different }: Comparison,
): Promise<readonly DifferentSession[]> {
  await candidate.catchUp();
  const remaining = await differing(live.contents, next.contents, different);
  const behind = remaining.filter((session) => session.behind);
  const refreshed = await differing(live.contents, next.contents, behind, ({ owner, sessionId }) =>
    candidate.refresh(owner, sessionId),
  );
  return [...refreshed, ...remaining.filter((session) => !session.behind)];
}

/**
 * The log has all existing documents. Fewer of them now mean that it lost some, or that the stores had more than the
 * log.
 */
function assertNotFewer(generation: number, { before, now }: RebuildReport['counts']): void {
  const fewer = Object.keys(before).filter((kind) => (now[kind] ?? 0) < before[kind]!);
  if (fewer.length === 0) return;
  const what = fewer.map((kind) => `${now[kind] ?? 0} ${kind} instead of ${before[kind]}`).join(', ');
  throw new RebuildRefusedError(
    `generation ${generation} has ${what}, so OpenSync did not switch to it; --force switches, and drops what the log no longer has`,
  );
}

/**
 * Data that the live generation has, and the next one is missing or has in an older version, could not be written:
 * the next one may be worse. Deleted sessions are not checked.
 */
function assertNotBehind(
  generation: number,
  different: readonly DifferentSession[],
  comparison: Pick<Comparison, 'different' | 'more'>,
): void {
  const [first, ...others] = different.filter(({ behind }) => behind);
  // So many that some were not kept for a second check.
  const unknown = comparison.more && comparison.different.every(({ behind }) => behind);
  if (!first && !unknown) return;
  const what = first ? `${others.length + 1} sessions, e.g. ${first.sessionId}` : 'too many sessions to compare again';
  throw new RebuildRefusedError(
    `generation ${generation} is missing data of the live one, or has an older version of it, for ${what}, ` +
      'so OpenSync did not switch to it; --force switches anyway',
  );
}
