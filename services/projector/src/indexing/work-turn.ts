/** What a turn has to know of what came before it. */
export interface WorkTurnOptions {
  /** Called with each step that is done. */
  readonly onProgress?: (() => void) | undefined;
  /** When the turn ends, `performance.now()`; default never. The step that is under way then is finished. */
  readonly endsAt?: number;
  /** When a session was last worked on, as a number that grows; 0: never. Default 0 for all. */
  readonly lastWorked?: (sessionId: string) => number;
}

/**
 * One turn of an index at its work. A turn that ends leaves documents for the next one. It never ends before its first step,
 * so that turns come to an end of the work however slow a step is.
 */
export class WorkTurn {
  /** Documents that this turn did not write, or not whole; a few of them may be whole. */
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

  /** @param isNew false if an earlier turn did it already, as with texts that the model refuses: it must not use up this one */
  stepDone(isNew = true): void {
    if (isNew) this.#steps++;
    this.#onProgress?.();
  }

  leave(ids: Iterable<string>): void {
    for (const id of ids) this.left.add(id);
  }
}
