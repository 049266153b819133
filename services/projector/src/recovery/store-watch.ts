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
  /** Documents first: the indexes are made of them. */
  readonly keepers: readonly Keeper[];
  /** The stores that nobody else has: what is not of this log is set aside without asking. */
  readonly embedded: readonly Projection[];
  /** Removes a generation that nobody has open. */
  readonly drop: (projection: Projection, generation: number) => Promise<void>;
  readonly logger: Logger;
  readonly metrics: Registry;
}

const LOOK_MS = 5000;
const LOOK_AGAIN_MS = 500;
/** Another generation is open within moments, unless its disk is away. */
const SWITCH_MS = 10_000;
const POLL_MS = 20;
/** Between two lines of the log on how far a repair is. */
const REPORT_MS = 10_000;
/** A stop does not wait for a log or a store that does not answer: a position that is a little behind does no harm. */
const CLOSE_MS = 2000;
/** A generation that takes the place of one that was set aside is new: a third look has nothing left to find. */
const LOOKS = 3;

/**
 * Compares the stores that this process keeps up to date with the log, at the start and every five seconds: a store may be
 * lost, restored from a copy, or belong to another log. What it lacks is made again from the log. What is not of this
 * log is set aside if the store is embedded; on a server, which others may use, nothing is written to it until an operator decides.
 */
export class StoreWatch {
  readonly #options: StoreWatchOptions;
  readonly #findings = new Map<Projection, Finding>();
  readonly #notes: string[] = [];
  readonly #reportedAt = new Map<Projection, number>();
  /** The last error of a look, so that each is logged once. */
  readonly #failures = new Map<Projection, string>();
  /** Stores that had a generation set aside: its replacement is new, so setting that aside too would not help. */
  readonly #setAside = new Set<Projection>();
  readonly #lives = new Map<Projection, IndexLife>();
  #isStarted = false;
  readonly #stopping = new AbortController();
  readonly #unsubscribe: readonly (() => void)[];
  #wake = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** Resolves after the first look; what is away then is looked at later. */
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

  /** What was found at the start, and is being done about it, a sentence each. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Why a store does not hold all that the log gave it, without paths; undefined if it does. */
  details(): Readonly<Partial<Record<Projection, string | undefined>>> {
    return Object.fromEntries(
      [...this.#findings].map(([name, finding]) => [
        name,
        finding.condition.kind === 'unusable' ? 'its contents cannot be read' : lineOf(finding),
      ]),
    );
  }

  /**
   * @throws StoreUnavailableError while one of these stores belongs to another log, or its live generation was not compared with
   * the log yet, so that nothing is written to it. Stores that other processes keep are not looked at.
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

  /** Looks at once. */
  check(): void {
    this.#wake.abort();
  }

  /** Ends repairs that are under way, and records how far each store is. */
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
      await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
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

  /** What was found before still counts. If the log or the store is away, others report it. */
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
   * Whether another generation has taken the place of the one that was looked at.
   * @param isNew it has just taken that place: that it is filled was said
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

  /** The same one with each look: it notices that another worker's lease does not move. */
  async #lifeOf(projection: Projection): Promise<IndexLife> {
    const life = this.#lives.get(projection) ?? (await IndexLife.open(this.#options.nc, projection));
    this.#lives.set(projection, life);
    return life;
  }

  /** Puts a new generation in the place of one that is not of this log, or says what an operator can do about it. */
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
