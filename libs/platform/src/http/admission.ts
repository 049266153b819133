/** What a write brings: one session or message, or many of them. */
export type WriteClass = 'event' | 'batch';

export interface AdmissionOptions {
  /** As long as no more writes than this are in progress at once, none is turned away, however slow they are. */
  readonly from: number;
  /** Milliseconds. */
  readonly now: () => number;
  /** Called when writes begin to be turned away, and when none needs to be any more. */
  readonly onChange?: (isShedding: boolean) => void;
}

/** How long waits are gathered before they are judged, ms. */
const WINDOW_MS = 100;
/** Windows in a row that have to be slow: half a second is no burst any more. */
const SLOW_WINDOWS = 5;
/** Waits below this are never slow, ms. */
const SLOW_MS = 100;
/** The wait that is aimed at while writes are turned away, in multiples of the usual one; and what counts as slow before that. */
const AIM = 1.5;
const SLOW = 4;
/** The usual wait until one is known, ms: a write that is synced to a disk. */
const FIRST_USUAL_MS = 10;
/** The least that is aimed at, ms: below it, the pauses of the garbage collector are the measure. */
const LEAST_AIM_MS = 10;
/**
 * With so few writes in progress, a wait is not for other writes. It is also the least limit; below one, a write is taken in each window,
 * so that batches alone are never kept out for good.
 */
const FEW: Readonly<Record<WriteClass, number>> = { event: 16, batch: 0.5 };
/** Share of a new wait in the usual one. */
const NEW_SHARE = 0.05;
/** The most that a window takes from a limit, and what it adds. */
const LARGEST_CUT = 0.7;
const GROWTH = 0.05;
const BATCH_GROWTH = 0.2;
/** Without a refusal for so long, the overload is over, ms. */
const CALM_MS = 5_000;

/** Of the writes of one class. */
class Writes {
  readonly few: number;
  inProgress = 0;
  readonly byKey = new Map<string, number>();
  /** How many may be in progress while writes are turned away. */
  limit = Infinity;
  /** The wait with few writes in progress, ms. */
  usualMs = FIRST_USUAL_MS;
  /** In this window. */
  waitedMs = 0;
  answered = 0;
  refused = 0;
  taken = 0;

  constructor(few: number) {
    this.few = few;
  }

  get meanMs(): number {
    return this.waitedMs / this.answered;
  }

  /** At the limit, a key still gets what is less than its share of it: a key that sends much does not keep the others out. */
  admits(key: string): boolean {
    if (this.limit < 1) return this.inProgress === 0 && this.taken === 0;
    if (this.inProgress < this.limit) return true;
    const share = this.limit / this.byKey.size;
    return (this.byKey.get(key) ?? 0) + 1 <= share;
  }

  count(key: string, change: 1 | -1): void {
    this.inProgress += change;
    const ofKey = (this.byKey.get(key) ?? 0) + change;
    if (ofKey > 0) this.byKey.set(key, ofKey);
    else this.byKey.delete(key);
  }

  /** Learns the usual wait from a window of so many milliseconds. */
  learn(windowMs: number): void {
    const wasAlone = this.waitedMs / windowMs <= this.few;
    if (wasAlone || this.meanMs < this.usualMs) this.usualMs += (this.meanMs - this.usualMs) * NEW_SHARE;
  }

  /** The limit is at its least, so what remains of the wait is not for other writes. */
  get isLeast(): boolean {
    return this.limit <= this.few;
  }

  cut(aimMs: number): void {
    this.limit = Math.max(this.few, this.limit * Math.max(LARGEST_CUT, aimMs / this.meanMs));
  }

  nextWindow(): void {
    this.waitedMs = this.answered = this.refused = this.taken = 0;
  }
}

/** A write that was admitted. */
export interface Place {
  /** Its client is sending: that is no wait for us. */
  pause(): void;
  resume(): void;
  /** It is over. @param isStored it was answered with success: only then its wait says something */
  leave(isStored: boolean): void;
}

/**
 * Decides which writes a process takes, so that those it takes do not wait for long. Nothing is turned away until many writes are in
 * progress and have been waiting far longer than usual for half a second. Then the number in progress is limited: batches give way
 * first, single events only if that is not enough. The limits follow the wait: they shrink while it is over one and a half times the usual one, and
 * grow while it is not and writes are turned away.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #writes: Readonly<Record<WriteClass, Writes>> = {
    event: new Writes(FEW.event),
    batch: new Writes(FEW.batch),
  };
  #windowBegan: number;
  /** The most in progress at once in this window. */
  #most = 0;
  #slowWindows = 0;
  /** Since when writes are turned away. */
  #since: number | undefined;
  #lastRefusal = -Infinity;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#windowBegan = options.now();
  }

  /** How many are in progress. */
  inProgress(kind: WriteClass): number {
    return this.#writes[kind].inProgress;
  }

  /** How many may be in progress; undefined while there is no limit. */
  limit(kind: WriteClass): number | undefined {
    const { limit } = this.#writes[kind];
    return limit === Infinity ? undefined : limit;
  }

  /** Whether some writes are turned away at the moment. */
  get isShedding(): boolean {
    return this.#since !== undefined;
  }

  /** Whether a write would be turned away now, which is then counted. */
  refuses(key: string, kind: WriteClass): boolean {
    const now = this.#options.now();
    this.#turn(now);
    const writes = this.#writes[kind];
    if (this.#since === undefined || writes.admits(key)) return false;
    writes.refused++;
    this.#lastRefusal = now;
    return true;
  }

  /** Undefined if the write is turned away. */
  enter(key: string, kind: WriteClass): Place | undefined {
    return this.refuses(key, kind) ? undefined : this.#placeOf(this.#writes[kind], key, this.#options.now());
  }

  #placeOf(writes: Writes, key: string, enteredAt: number): Place {
    const { now } = this.#options;
    let begunAt: number | undefined;
    let waitedMs = 0;
    const pause = () => {
      if (begunAt === undefined) return;
      waitedMs += now() - begunAt;
      begunAt = undefined;
      writes.count(key, -1);
    };
    const resume = (at = now()) => {
      begunAt = at;
      writes.count(key, 1);
      this.#most = Math.max(this.#most, this.#writes.event.inProgress + this.#writes.batch.inProgress);
    };
    resume(enteredAt);
    writes.taken++;
    return {
      pause,
      resume: () => {
        if (begunAt === undefined) resume();
      },
      leave: (isStored) => {
        const wasCounted = begunAt !== undefined;
        pause();
        this.#turn(now());
        // Those from before the limits say how long the queue was then, not what the limits achieve.
        if (!isStored || !wasCounted || enteredAt < (this.#since ?? -Infinity)) return;
        writes.waitedMs += waitedMs;
        writes.answered++;
      },
    };
  }

  #turn(now: number): void {
    const elapsed = now - this.#windowBegan;
    if (elapsed < WINDOW_MS) return;
    const { event, batch } = this.#writes;
    // Batches wait longer as they have more to wait for, so they are the measure only if there is nothing else.
    const measure = event.answered > 0 ? event : batch;
    if (measure.answered > 0) {
      if (this.#since === undefined) this.#watch(measure, elapsed, now);
      else this.#adjust(measure);
    } else {
      // The log does not answer at all, or there is nothing to do: no sign of too much work.
      this.#slowWindows = 0;
    }
    if (this.#since !== undefined && now - Math.max(this.#since, this.#lastRefusal) > CALM_MS) this.#end();
    this.#windowBegan = now;
    this.#most = event.inProgress + batch.inProgress;
    event.nextWindow();
    batch.nextWindow();
  }

  #watch(measure: Writes, elapsed: number, now: number): void {
    const { event, batch } = this.#writes;
    for (const writes of [event, batch]) if (writes.answered > 0) writes.learn(elapsed);
    const isSlow = measure.meanMs > Math.max(SLOW_MS, SLOW * measure.usualMs) && this.#most > this.#options.from;
    this.#slowWindows = isSlow ? this.#slowWindows + 1 : 0;
    if (this.#slowWindows < SLOW_WINDOWS) return;
    this.#since = now;
    batch.limit = batch.few;
    // Little's law: so many are in progress if each waits as long as is aimed at.
    event.limit = Math.max(event.few, (event.answered / elapsed) * aimOf(event));
    this.#options.onChange?.(true);
  }

  #adjust(measure: Writes): void {
    const { event, batch } = this.#writes;
    const aimMs = aimOf(measure);
    if (measure.meanMs < measure.usualMs) measure.usualMs += (measure.meanMs - measure.usualMs) * NEW_SHARE;
    if (measure.meanMs <= aimMs) {
      if (event.refused > 0) event.limit += Math.max(1, event.limit * GROWTH);
      else if (batch.refused > 0) batch.limit += BATCH_GROWTH;
    } else if (!batch.isLeast) batch.cut(aimMs);
    else if (!event.isLeast) event.cut(aimMs);
    else measure.usualMs += (measure.meanMs - measure.usualMs) * NEW_SHARE;
  }

  #end(): void {
    this.#since = undefined;
    this.#slowWindows = 0;
    for (const writes of [this.#writes.event, this.#writes.batch]) writes.limit = Infinity;
    this.#options.onChange?.(false);
  }
}

function aimOf({ usualMs }: Writes): number {
  return Math.max(LEAST_AIM_MS, AIM * usualMs);
}
