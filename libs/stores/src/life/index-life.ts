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
 * A worker whose lease has not changed for so long is gone, or stands still. Measured by the clock of the one that waits: clocks
 * of machines differ.
 */
export const LEASE_MS = 10_000;
const BEAT_MS = LEASE_MS / 4;
const POLL_MS = 500;
/** Between two reports on who is waited for. */
const REPORT_MS = 60_000;

/** Unlike every other worker, and says where it runs. */
const workerId = () => `${nuid.next()}@${hostname()}:${process.pid}`;

/** @param holder where the worker runs that has the lease, e.g. `host web-1, process 42` */
export type OnWait = (holder: string) => void;
type Retry = <T>(look: () => Promise<T>) => Promise<T>;

/** Of a worker of an earlier version only its id is known. */
function placeOf(worker = ''): string {
  const [, host, pid] = /@(.+):(\d+)$/.exec(worker) ?? [];
  return host === undefined ? `worker ${worker}` : `host ${host}, process ${pid}`;
}

/** The life of one index as the log records it, to one worker. */
export class IndexLife {
  readonly #nc: LogConnection;
  readonly #entry: RecordEntry;
  readonly #projection: Projection;
  readonly #leaseMs: number;
  readonly #worker = workerId();
  /** The lease of another worker, when it was last seen, and for how long it was observed to stand still, ms. */
  #seen: { readonly worker: string; readonly beat: number; readonly at: number; readonly still: number } | undefined;

  /** @throws AppError UNAVAILABLE */
  static async open(nc: LogConnection, projection: Projection, { leaseMs = LEASE_MS } = {}): Promise<IndexLife> {
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
   * Works on this index while no other worker does; waits for the lease of another one to end. `work` is given a signal that is
   * aborted as soon as the lease is known to be lost: this process may hold the lease once more before work that goes on ends.
   * @param onWait called with where the other one runs: once it is found, and every minute from then on
   * @param retry repeats a look at the lease that fails; without it the first failure ends the wait
   * @throws what `work` throws; AppError UNAVAILABLE
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

  /** As hold; undefined if another worker has the lease, which ends only in the eyes of one that asks again and again. */
  async tryHold<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    return (await this.#take()) ? this.#held(work) : undefined;
  }

  /**
   * The next generation, this worker's from now on; to be called while it holds the lease. If it is not `resumed`, what may lie
   * under its number is to be removed, and a checkpoint saved, before anything is written to it.
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

  /** Puts the next generation to use. @throws LeaseLostError; AppError UNAVAILABLE */
  async switchOver(): Promise<GenerationRecord> {
    return this.#entry.change((record) => transitions.switchOver(record, this.#worker));
  }

  /**
   * Ends the work after the switch, unless another worker has begun.
   * @param isFilled all documents are in the new generation, so the fill that was open when its walk began ends as well
   * @throws AppError UNAVAILABLE
   */
  async finish({ isFilled }: { readonly isFilled: boolean }): Promise<void> {
    await this.#entry.change((record) => transitions.finish(record, this.#worker, { isFilled }));
  }

  /**
   * Has all documents announced again, because the live generation lacks some.
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
   * Has all documents announced again if a rebuild was interrupted after its switch, unless its worker is still at it.
   * @throws AppError UNAVAILABLE
   */
  async endInterruptedSwitch(): Promise<void> {
    const token = nuid.next();
    await this.tryHold(() => this.#entry.change((record) => transitions.endInterruptedSwitch(record, token)));
  }

  /** To be called while this worker holds the lease. @throws LeaseLostError; AppError UNAVAILABLE */
  async announced(token: string, sequence: number): Promise<void> {
    await this.#entry.change((record) => transitions.announced(record, this.#worker, token, sequence));
  }

  /** The live generation has all that this fill is about. @throws AppError UNAVAILABLE */
  async endFill(token: string): Promise<void> {
    await this.#entry.change((record) => transitions.endFill(record, token));
  }

  /** @param feed when the consumer was created that feeds the index @throws AppError UNAVAILABLE */
  async follow(feed: string, missed: boolean): Promise<GenerationRecord> {
    return this.#entry.change((record) => transitions.follow(record, feed, missed, nuid.next()));
  }

  /** Gives the lease up early: a worker that stops does not have its successor wait. @throws AppError UNAVAILABLE */
  async release(): Promise<void> {
    await this.#entry.change((record) => transitions.release(record, this.#worker));
  }

  /**
   * Puts a new, empty generation to use at once, in place of one that cannot be used: that is kept as it is.
   * @param prepare removes what may be there under the number of the new one
   * @returns the new one; undefined if `generation` is not the live one any more, or another worker is at work
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

  /** Strikes generations that were removed. @throws AppError UNAVAILABLE */
  async forget(removed: readonly number[]): Promise<void> {
    await this.#entry.change((record) => transitions.forget(record, removed));
  }

  /** Whether every process that answers uses this generation; asks again until then or until time is up. */
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
    // A beat that fails says nothing; one that finds another worker's lease ends this one's.
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
      // Work that waits for a store, say, cannot be ended: it looks at the signal before it goes on.
      return await Promise.race([work(ending.signal), lost.promise]);
    } catch (error) {
      // That its successor took something away from under it is only a consequence.
      await beat().catch(onFailure);
      throw await Promise.race([lost.promise, Promise.reject(error)]).catch((first: unknown) => first);
    } finally {
      clearInterval(beats);
      await this.release().catch(() => undefined);
    }
  }

  /**
   * For how long this lease was observed to stand still, ms. Between two looks at most two beats count: while nobody could look,
   * because the log was away or this process stood still, its worker may not have been able to count up either.
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

  /** False if another worker has the lease, as far as is known. */
  async #take(): Promise<boolean> {
    const { record, revision } = await this.#entry.read();
    const { lease } = record;
    if (lease && lease.worker !== this.#worker && this.#stillFor(lease) < this.#leaseMs) return false;
    // On the condition that the record is what was read: its worker may have come back since.
    return this.#entry.put(transitions.takeLease(record, this.#worker), revision);
  }
}
