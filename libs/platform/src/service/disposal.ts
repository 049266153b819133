import { setTimeout as delay } from 'node:timers/promises';

interface Step {
  readonly name: string;
  readonly run: () => Promise<unknown> | unknown;
  readonly extraMs: number;
}

/** Everything that has to be closed, last opened first. A step that fails or hangs does not prevent the next ones. */
export class Disposal {
  readonly #steps: Step[] = [];
  readonly #onProblem: (problem: { step: string; err?: unknown }) => void;
  #running: Promise<boolean> | undefined;

  constructor(onProblem: (problem: { step: string; err?: unknown }) => void) {
    this.#onProblem = onProblem;
  }

  /** @param extraMs extra time for this step beyond the common limit */
  defer(name: string, run: Step['run'], { extraMs = 0 }: { extraMs?: number } = {}): void {
    this.#steps.push({ name, run, extraMs });
  }

  /**
   * Runs every step, each for at most `stepLimitMs`; called again, it returns the same promise. Resolves with whether
   * all of them finished in time and without an error. Never rejects.
   */
  run(stepLimitMs: number): Promise<boolean> {
    this.#running ??= this.#runAll(stepLimitMs);
    return this.#running;
  }

  async #runAll(stepLimitMs: number): Promise<boolean> {
    let inGoodOrder = true;
    const onProblem = (problem: { step: string; err?: unknown }) => {
      inGoodOrder = false;
      this.#onProblem(problem);
    };
    for (const { name, run, extraMs } of this.#steps.reverse()) {
      const timer = new AbortController();
      const late = delay(stepLimitMs + extraMs, 'late', { signal: timer.signal }).catch(() => 'done');
      try {
        const outcome = await Promise.race([Promise.resolve(run()).then(() => 'done'), late]);
        if (outcome === 'late') onProblem({ step: name });
      } catch (err) {
        onProblem({ step: name, err });
      } finally {
        timer.abort();
      }
    }
    return inGoodOrder;
  }
}
