import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Projection } from '@opensync/contracts';
import { orUnavailable, type LogConnection } from '@opensync/event-log';
import { nuid } from '@nats-io/transport-node';
import { generationsInUse } from './in-use.ts';
import { RecordEntry } from './record-entry.ts';
import type { Checkpoint, GenerationRecord } from './records.ts';
import * as transitions from './transitions.ts';

/**
 * A worker whose lease has not changed for this long is dead or hangs. Measured by the waiting worker's clock,
 * because clocks of machines differ.
 */
export const LEASE_MS = 10_000;
const BEAT_MS = LEASE_MS / 4;
const POLL_MS = 500;
/** Interval of reports about the worker that is waited for. */
const REPORT_MS = 60_000;

/** Unique per worker, and says where it runs. */
const workerId = () => `${nuid.next()}@${hostname()}:${process.pid}`;

/** @param holder where the worker with the lease runs, e.g. `host web-1, process 42` */
export type OnWait = (holder: string) => void;
type Retry = <T>(look: () => Promise<T>) => Promise<T>;

/** For a worker of an earlier version only its id is known. */
function placeOf(worker = ''): string {
  const [, host, pid] = /@(.+):(\d+)$/.exec(worker) ?? [];
  return host === undefined ? `worker ${worker}` : `host ${host}, process ${pid}`;
}

/** The life of one index in the log, from the view of one worker. */
export class IndexLife {
  readonly #nc: LogConnection;
  readonly #entry: RecordEntry;
  readonly #projection: Projection;
  readonly #leaseMs: number;
  readonly #worker = workerId();
  /** The lease of another worker, when it was last seen, and how long it was observed not to change, ms. */
  #seen: { readonly worker: string; readonly beat: number; readonly at: number; readonly still: number } | undefined;

  /** @throws AppError UNAVAILABLE */
  static async open(
    nc: LogConnection,
    projection: Projection,
    { leaseMs = LEASE_MS }: { readonly leaseMs?: number | undefined } = {},
  ): Promise<IndexLife> {
    return new IndexLife(nc, await RecordEntry.open(nc, projection), projection, leaseMs);
  }

  private constructor(nc: LogConnection, entry: RecordEntry, projection: Projection, leaseMs: number) {
    this.#nc = nc;
    this.#entry = entry;
    this.#projection = projection;
    this.#leaseMs = leaseMs;
  }

  /** @throws AppError UNAVAILABLE */
  async read(): Promise<GenerationRecord> {
    return (await this.#entry.read()).record;
  }

  /**
   * Works on this index while no other worker does; waits until another worker's lease ends. `work` gets a signal
   * that is aborted as soon as the lease is known to be lost: this process may take the lease again before unfinished
   * work has ended.
   * @param onWait called with where the other one runs: once it is found, and every minute from then on
   * @param retry repeats a failed check of the lease; without it the first failure ends the wait
   * @throws errors of `work`; AppError UNAVAILABLE
   */
  async hold<T>(
    work: (signal: AbortSignal) => Promise<T>,
    { onWait, retry = (look) => look() }: { readonly onWait?: OnWait | undefined; readonly retry?: Retry } = {},
  ): Promise<T> {
    for (let reportedAt = -Infinity; !(await retry(() => this.#take()));) {
      if (performance.now() - reportedAt >= REPORT_MS) {
        onWait?.(placeOf(this.#seen?.worker));
        reportedAt = performance.now();
      }
      await delay(Math.min(POLL_MS, this.#leaseMs / 4));
    }
    return this.#held(work);
  }

  /**
   * As hold; undefined if another worker has the lease. A dead worker's lease expires only for a caller that asks
   * repeatedly.
   */
  async tryHold<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    return (await this.#take()) ? this.#held(work) : undefined;
  }

  /**
   * The next generation, this worker's from now on; call it while holding the lease. If it is not `resumed`, remove
   * anything under its number, and save a checkpoint, before you write to it.
   * @throws LeaseLostError; AppError UNAVAILABLE
   */
  async begin({ restart }: { restart: boolean }): Promise<Checkpoint & { readonly resumed: boolean }> {
    const uses = await orUnavailable(this.#nc, () => generationsInUse(this.#nc));
    const inUse = uses.flatMap((use) => use[this.#projection] ?? []);
    const token = nuid.next();
    const { rebuild } = await this.#entry.change((record) => {
      // Documents need no fill: their position says which events they lack.
      const whole = this.#projection === 'documents' ? record : transitions.endInterruptedSwitch(record, token);
      return transitions.begin(whole, this.#worker, { restart, inUse });
    });
    const { generation, position } = rebuild!;
    return { generation, position, resumed: position !== null };
  }

  /** @throws LeaseLostError; AppError UNAVAILABLE */
  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    await this.#entry.change((record) => transitions.checkpoint(record, this.#worker, checkpoint));
  }

  /** Makes the next generation live. @throws LeaseLostError; AppError UNAVAILABLE */
  async switchOver(): Promise<GenerationRecord> {
    return this.#entry.change((record) => transitions.switchOver(record, this.#worker));
  }

  /**
   * Ends the work after the switch, unless another worker has begun.
   * @param isFilled all documents are in the new generation, so the fill that was open when its walk began ends as
   * well
   * @throws AppError UNAVAILABLE
   */
  async finish({ isFilled }: { readonly isFilled: boolean }): Promise<void> {
    await this.#entry.change((record) => transitions.finish(record, this.#worker, { isFilled }));
  }

  /**
   * Starts a fill, which announces all documents again, because the live generation lacks some.
   * @param confirmed its position, which names this fill as its repair; absent if it has none of its own
   * @throws AppError UNAVAILABLE
   */
  async beginFill(
    token: string,
    confirmed?: { readonly generation: number; readonly sequence: number },
  ): Promise<void> {
    await this.#entry.change((record) => {
      const filling = transitions.beginFill(record, token);
      if (!confirmed) return filling;
      const { generation, sequence } = confirmed;
      return transitions.confirm(filling, generation, { sequence, repair: token });
    });
  }

  /**
   * Starts a fill if a rebuild was interrupted after its switch, unless its worker is still working.
   * @throws AppError UNAVAILABLE
   */
  async endInterruptedSwitch(): Promise<void> {
    const token = nuid.next();
    await this.tryHold(() => this.#entry.change((record) => transitions.endInterruptedSwitch(record, token)));
  }

  /** Call it while this worker holds the lease. @throws LeaseLostError; AppError UNAVAILABLE */
  async announced(token: string, sequence: number): Promise<void> {
    await this.#entry.change((record) => transitions.announced(record, this.#worker, token, sequence));
  }

  /** The live generation has everything that this fill covers. @throws AppError UNAVAILABLE */
  async endFill(token: string): Promise<void> {
    await this.#entry.change((record) => transitions.endFill(record, token));
  }

  /** @param feed when the index's consumer was created @throws AppError UNAVAILABLE */
  async follow(feed: string, missed: boolean): Promise<GenerationRecord> {
    return this.#entry.change((record) => transitions.follow(record, feed, missed, nuid.next()));
  }

  /** @param rows the format of the rows that this version writes @throws AppError UNAVAILABLE */
  async reformat(rows: number, mayHaveRows: boolean): Promise<GenerationRecord> {
    return this.#entry.change((record) => transitions.reformat(record, rows, mayHaveRows, nuid.next()));
  }

  /**
   * Releases the lease early, so that a stopping worker does not keep its successor waiting. @throws AppError
   * UNAVAILABLE
   */
  async release(): Promise<void> {
    await this.#entry.change((record) => transitions.release(record, this.#worker));
  }

  /**
   * Makes a new, empty generation live at once, in place of an unusable one, which is kept unchanged.
   * @param prepare removes anything under the number of the new one
   * @returns the new one; undefined if `generation` is no longer live, or another worker is at work
   * @throws AppError UNAVAILABLE
   */
  async setAside(generation: number, prepare: (next: number) => Promise<void>): Promise<number | undefined> {
    return this.tryHold(async () => {
      if ((await this.read()).live !== generation) return undefined;
      const { generation: next } = await this.begin({ restart: true });
      await prepare(next);
      await this.switchOver();
      await this.finish({ isFilled: false });
      return next;
    });
  }

  /** Deletes the records of removed generations. @throws AppError UNAVAILABLE */
  async forget(removed: readonly number[]): Promise<void> {
    await this.#entry.change((record) => transitions.forget(record, removed));
  }

  /** Whether every answering process uses this generation; repeats until then or until time is up. */
  async untilAllUse(generation: number, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const uses = (await generationsInUse(this.#nc)).map((use) => use[this.#projection]);
      if (uses.every((used) => used === undefined || used === generation)) return true;
      if (performance.now() > deadline) return false;
    }
  }

  async #held<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const ending = new AbortController();
    const lost = Promise.withResolvers<never>();
    // A failed heartbeat proves nothing; one that finds another worker's lease ends this worker's.
    const beat = async () => {
      const record = await this.#entry.change((before) => transitions.beat(before, this.#worker));
      transitions.assertLease(record, this.#worker);
    };
    const onFailure = (error: unknown) => {
      if (!(error instanceof transitions.LeaseLostError)) return;
      ending.abort(error);
      lost.reject(error);
    };
    const beats = setInterval(() => void beat().catch(onFailure), this.#beatMs);
    beats.unref();
    try {
      // Work that waits, for example for a store, cannot be cancelled: it checks the signal before it continues.
      return await Promise.race([work(ending.signal), lost.promise]);
    } catch (error) {
      // An error because the successor removed something is only a consequence.
      await beat().catch(onFailure);
      throw await Promise.race([lost.promise, Promise.reject(error)]).catch((first: unknown) => first);
    } finally {
      clearInterval(beats);
      await this.release().catch(() => undefined);
    }
  }

  /**
   * How long this lease was observed not to change, ms. Between two checks at most two heartbeats count: while nobody
   * could check, because the log was unavailable or this process hung, its worker may not have been able to beat
   * either.
   */
  #stillFor({ worker, beat }: NonNullable<GenerationRecord['lease']>): number {
    const now = performance.now();
    const seen = this.#seen?.worker === worker && this.#seen.beat === beat ? this.#seen : undefined;
    const still = seen ? seen.still + Math.min(now - seen.at, 2 * this.#beatMs) : 0;
    this.#seen = { worker, beat, at: now, still };
    return still;
  }

  get #beatMs(): number {
    return Math.min(BEAT_MS, this.#leaseMs / 4);
  }

  /** False if another worker has the lease, as far as known. */
  async #take(): Promise<boolean> {
    const { record, revision } = await this.#entry.read();
    const { lease } = record;
    if (lease && lease.worker !== this.#worker && this.#stillFor(lease) < this.#leaseMs) return false;
    // Conditional on an unchanged record: its worker may have come back meanwhile.
    return this.#entry.put(transitions.takeLease(record, this.#worker), revision);
  }
}
