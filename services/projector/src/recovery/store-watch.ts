import { setTimeout as delay } from 'node:timers/promises';
import type { Projection } from '@opensync/contracts';
import type { LogConnection } from '@opensync/event-log';
import { isRetryable, type Logger } from '@opensync/platform';
import { gauge, METRIC, type Registry } from '@opensync/platform/telemetry';
import { conditionLine, type Generations, IndexLife, STORE_URL, StoreUnavailableError } from '@opensync/stores';
import type { Finding, Keeper } from './keeper.ts';
import type { UnusableStores } from './unusable-stores.ts';

export interface StoreWatchOptions {
  readonly nc: LogConnection;
  readonly generations: Pick<Generations, 'used' | 'onSwitch'>;
  readonly unusable: UnusableStores;
  /** Documents first: the indexes are built from them. */
  readonly keepers: readonly Keeper[];
  /** Stores that belong to this installation alone: if they do not match this log, they are replaced without asking. */
  readonly embedded: readonly Projection[];
  /** Removes a generation that no process has open. */
  readonly drop: (projection: Projection, generation: number) => Promise<void>;
  readonly logger: Logger;
  readonly metrics: Registry;
}

const LOOK_MS = 5000;
/** While a store is refilled: answers call it incomplete until the check that finds it complete. */
const REPAIR_LOOK_MS = 250;
const LOOK_AGAIN_MS = 500;
/** Another generation is open within moments, unless its disk is unavailable. */
const SWITCH_MS = 10_000;
const POLL_MS = 20;
/** Interval of log lines about the progress of a repair. */
const REPORT_MS = 10_000;
/** A stop does not wait for a log or a store that does not answer: a position that lags slightly does no harm. */
const CLOSE_MS = 2000;
/** The replacement of a generation is new: a third check has nothing left to find. */
const LOOKS = 3;

/**
 * Compares the stores that this process keeps up to date with the log, at the start, every five seconds, and more often
 * during a repair: a store may be lost, restored from a copy, or belong to another log. Missing data is replayed from the log. An embedded
 * store that does not match the log is replaced; on a server, which others may use, writes are paused until an
 * operator decides.
 */
export class StoreWatch {
  readonly #options: StoreWatchOptions;
  readonly #findings = new Map<Projection, Finding>();
  readonly #notes: string[] = [];
  readonly #reportedAt = new Map<Projection, number>();
  /** The last error of a check, so that each is logged once. */
  readonly #failures = new Map<Projection, string>();
  /** Stores with a replaced generation: the replacement is new, so replacing that too would not help. */
  readonly #setAside = new Set<Projection>();
  readonly #lives = new Map<Projection, IndexLife>();
  #isStarted = false;
  readonly #stopping = new AbortController();
  readonly #unsubscribe: readonly (() => void)[];
  #wake = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** Resolves after the first check; unavailable stores are checked later. */
  static async start(options: StoreWatchOptions): Promise<StoreWatch> {
    const watch = new StoreWatch(options);
    await watch.#lookAtAll();
    watch.#isStarted = true;
    watch.#running = watch.#run();
    return watch;
  }

  private constructor(options: StoreWatchOptions) {
    this.#options = options;
    this.#unsubscribe = [
      options.unusable.onReport(() => this.check()),
      options.generations.onSwitch(() => this.check()),
    ];
    gauge(options.metrics, METRIC.storeIncomplete, () =>
      options.keepers.map(({ projection }) => ({
        value: this.details()[projection] === undefined ? 0 : 1,
        labels: { store: projection },
      })),
    );
  }

  /** The findings at the start and the actions taken, a sentence each. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Why a store is incomplete, without paths; undefined if it is complete. */
  details(): Readonly<Partial<Record<Projection, string | undefined>>> {
    return Object.fromEntries(
      [...this.#findings].map(([name, finding]) => [
        name,
        finding.condition.kind === 'unusable' ? 'its contents cannot be read' : lineOf(finding),
      ]),
    );
  }

  /**
   * @throws StoreUnavailableError while one of these stores belongs to another log, or its live generation was not
   * compared with the log yet, so that nothing is written to it. Stores of other processes are not checked.
   */
  assertFollow(projections: readonly Projection[]): void {
    const { keepers, generations } = this.#options;
    for (const projection of projections.filter((name) => keepers.some((keeper) => keeper.projection === name))) {
      const finding = this.#findings.get(projection);
      if (finding?.generation !== generations.used([projection])[projection]) {
        throw new StoreUnavailableError(projection, {
          message: `${projection}: the store has not been compared with the log yet`,
        });
      }
      if (finding?.isDisplaced) throw new StoreUnavailableError(projection, { message: sentence(projection, finding) });
    }
  }

  /** Checks at once. */
  check(): void {
    this.#wake.abort();
  }

  /** Ends running repairs, and records the position of each store. */
  async close(): Promise<void> {
    this.#stopping.abort();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    const closing = this.#running.then(async () => {
      // In this order: an index is compared with its documents.
      for (const keeper of this.#options.keepers) await keeper.close().catch(() => undefined);
    });
    const limit = new AbortController();
    await Promise.race([closing, delay(CLOSE_MS, undefined, { signal: limit.signal }).catch(() => undefined)]);
    limit.abort();
  }

  async #run(): Promise<void> {
    for (;;) {
      const signal = AbortSignal.any([this.#wake.signal, this.#stopping.signal]);
      const isRepairing = [...this.#findings.values()].some(
        (found) => !found.isDisplaced && stateOf(found) !== undefined,
      );
      await delay(isRepairing ? REPAIR_LOOK_MS : LOOK_MS, undefined, { signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      await this.#lookAtAll();
    }
  }

  async #lookAtAll(): Promise<void> {
    for (const keeper of this.#options.keepers) {
      for (let look = 0; look < LOOKS; look++) {
        const isReplaced = await this.#lookAt(keeper, look > 0).then(
          (replaced) => {
            this.#failures.delete(keeper.projection);
            return replaced;
          },
          (err: unknown) => this.#onFailure(keeper, err),
        );
        if (!isReplaced) break;
      }
    }
  }

  /** The previous finding still counts. Others report an unavailable log or store. */
  #onFailure({ projection }: Keeper, err: unknown): false {
    if (isRetryable(err)) return false;
    const { message } = err as Error;
    if (this.#failures.get(projection) !== message) {
      this.#options.logger.error(
        { store: projection, err },
        'the store could not be compared with the event log; retrying',
      );
    }
    this.#failures.set(projection, message);
    return false;
  }

  /**
   * Whether another generation has replaced the checked one.
   * @param isNew it has just become live: its fill was already reported
   */
  async #lookAt(keeper: Keeper, isNew: boolean): Promise<boolean> {
    const found = await this.#lookSurely(keeper);
    const before = this.#findings.get(keeper.projection);
    const isNews =
      before?.condition.kind !== found.condition.kind ||
      before.generation !== found.generation ||
      before.isDisplaced !== found.isDisplaced;
    if (!found.isDisplaced) {
      this.#findings.set(keeper.projection, found);
      if (found.action !== undefined && !isNew) this.#tell(keeper.projection, found);
      else this.#reportProgress(keeper.projection, found, before);
      return false;
    }
    const finding = await this.#displace(keeper.projection, found);
    this.#findings.set(keeper.projection, finding);
    if (isNews) this.#tell(keeper.projection, finding);
    return finding.isDisplaced === undefined;
  }

  /** A replica that has just become the leader of the log may lack its latest events for a moment. */
  async #lookSurely(keeper: Keeper): Promise<Finding> {
    for (let look = 1; ; look++) {
      const found = await keeper.look();
      const isSure = !found.isDisplaced || (found.condition.kind !== 'ahead' && !found.isWaiting);
      if (isSure || look === LOOKS) return found;
      await delay(LOOK_AGAIN_MS);
    }
  }

  /** The same one for each check: it observes whether another worker's lease moves. */
  async #lifeOf(projection: Projection): Promise<IndexLife> {
    const life = this.#lives.get(projection) ?? (await IndexLife.open(this.#options.nc, projection));
    this.#lives.set(projection, life);
    return life;
  }

  /** Replaces a generation that does not match this log with a new one, or says what an operator can do. */
  async #displace(projection: Projection, found: Finding): Promise<Finding> {
    const { embedded, drop, generations } = this.#options;
    if (found.isWaiting) return found;
    if (!embedded.includes(projection)) {
      const action =
        `writes to it are paused: set ${STORE_URL[projection]} to the store of this log, ` +
        `or rebuild the store from this log: opensync rebuild ${projection} --force`;
      return { ...found, action };
    }
    if (this.#setAside.has(projection)) {
      const action =
        'OpenSync has already replaced this store once since it started, so it does not replace it again; writes to it are ' +
        `paused: restart OpenSync, or run opensync rebuild ${projection} --force`;
      return { ...found, action };
    }
    const life = await this.#lifeOf(projection);
    const next = await life.setAside(found.generation, (generation) => drop(projection, generation));
    if (next === undefined) return found;
    this.#setAside.add(projection);
    const deadline = performance.now() + SWITCH_MS;
    while (generations.used([projection])[projection] !== next && performance.now() < deadline) await delay(POLL_MS);
    const { condition, generation } = found;
    return {
      condition,
      generation,
      action: `the store is kept as generation ${generation} and rebuilt as generation ${next}`,
    };
  }

  #reportProgress(store: Projection, found: Finding, before: Finding | undefined): void {
    const { logger } = this.#options;
    if (found.condition.kind === 'repairing') {
      if (performance.now() - (this.#reportedAt.get(store) ?? -Infinity) < REPORT_MS) return;
      this.#reportedAt.set(store, performance.now());
      logger.info({ store }, `${store}: ${stateOf(found)}`);
    } else if (before && stateOf(before) !== undefined && stateOf(found) === undefined) {
      logger.info({ store }, `${store}: the store is complete again`);
    }
  }

  #tell(projection: Projection, finding: Finding): void {
    const text = sentence(projection, finding);
    if (!this.#isStarted) this.#notes.push(text);
    this.#options.logger.error({ store: projection, condition: finding.condition }, text);
  }
}

function stateOf({ condition, progress }: Finding): string | undefined {
  const line = conditionLine(condition);
  return line === undefined || progress === undefined ? line : `${line}: ${progress}`;
}

function lineOf(finding: Finding): string | undefined {
  const parts = [stateOf(finding), finding.action].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join('; ');
}

function sentence(projection: Projection, finding: Finding): string {
  return `${projection}: ${lineOf(finding)}`;
}
