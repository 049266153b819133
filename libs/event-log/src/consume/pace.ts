/** Work of the last minutes: an older pace says little about what is done now. */
const WINDOW_MS = 5 * 60_000;
/** Less work than this is no sample: it may be one fast or slow batch. */
const LEAST_MS = 2_000;
const MOST_ENTRIES = 300;

/** How fast a consumer finishes deliveries while it has some: the time in which it waits for them does not count. */
export class Pace {
  /** When a batch was done, how long it took, and how many deliveries were finished. */
  #batches: { readonly at: number; readonly ms: number; readonly finished: number }[] = [];

  done(finished: number, ms: number, now = performance.now()): void {
    this.#batches.push({ at: now, ms, finished });
    if (this.#batches.length <= MOST_ENTRIES) return;
    // Many short batches become fewer long ones.
    const [first, second, ...rest] = this.#batches;
    this.#batches = [
      { at: second!.at, ms: first!.ms + second!.ms, finished: first!.finished + second!.finished },
      ...rest,
    ];
  }

  /** Undefined until enough was done to say it. */
  perSecond(now = performance.now()): number | undefined {
    this.#batches = this.#batches.filter(({ at }) => at > now - WINDOW_MS);
    const ms = this.#batches.reduce((sum, batch) => sum + batch.ms, 0);
    const finished = this.#batches.reduce((sum, batch) => sum + batch.finished, 0);
    return ms < LEAST_MS || finished === 0 ? undefined : (1_000 * finished) / ms;
  }
}

/** How long a backlog takes, in seconds; undefined if nobody knows, 0 if there is none. */
export function secondsLeft(waiting: number, paces: readonly (number | undefined)[]): number | undefined {
  if (waiting === 0) return 0;
  const perSecond = paces.reduce<number>((sum, pace) => sum + (pace ?? 0), 0);
  return perSecond > 0 ? Math.ceil(waiting / perSecond) : undefined;
}
