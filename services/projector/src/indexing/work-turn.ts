/** Facts about earlier turns that a turn needs. */
export interface WorkTurnOptions {
  /** Called after each step. */
  readonly onProgress?: (() => void) | undefined;
  /** When the turn ends, `performance.now()`; default never. The step in progress is finished then. */
  readonly endsAt?: number;
  /** When a session was last worked on, as a growing number; 0: never. Default 0 for all. */
  readonly lastWorked?: (sessionId: string) => number;
}

/**
 * One turn of an index. A turn that ends leaves documents for the next one. It never ends before its first step, so
 * that the work finishes however slow a step is.
 */
export class WorkTurn {
  /** Documents that this turn did not write completely; a few of them may be complete. */
  readonly left = new Set<string>();
  /** Sessions whose messages it has written. */
  readonly worked = new Set<string>();
  readonly lastWorked: (sessionId: string) => number;
  readonly #onProgress: (() => void) | undefined;
  readonly #endsAt: number;
  #steps = 0;

  constructor({ onProgress, endsAt = Infinity, lastWorked = () => 0 }: WorkTurnOptions = {}) {
    this.#onProgress = onProgress;
    this.#endsAt = endsAt;
    this.lastWorked = lastWorked;
  }

  get isOver(): boolean {
    return this.#steps > 0 && performance.now() >= this.#endsAt;
  }

  /** @param isNew false if an earlier turn already did it, as for rejected texts: it must not use up this turn */
  stepDone(isNew = true): void {
    if (isNew) this.#steps++;
    this.#onProgress?.();
  }

  leave(ids: Iterable<string>): void {
    for (const id of ids) this.left.add(id);
  }
}
