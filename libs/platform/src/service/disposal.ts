import { setTimeout as delay } from 'node:timers/promises';

interface Step {
  readonly name: string;
  readonly run: () => Promise<unknown> | unknown;
}

/**
 * What has to be closed, in the order opposite to that in which it was opened. One step that fails or hangs does
 * not keep the next from its turn.
 */
export class Disposal {
  readonly #steps: Step[] = [];
  readonly #onProblem: (problem: { step: string; err?: unknown }) => void;
  #running: Promise<void> | undefined;

  constructor(onProblem: (problem: { step: string; err?: unknown }) => void) {
    this.#onProblem = onProblem;
  }

  defer(name: string, run: Step['run']): void {
    this.#steps.push({ name, run });
  }

  /** Runs every step, each for at most `stepLimitMs`; asked again, it gives the same promise. Never rejects. */
  run(stepLimitMs: number): Promise<void> {
    this.#running ??= this.#runAll(stepLimitMs);
    return this.#running;
  }

  async #runAll(stepLimitMs: number): Promise<void> {
    for (const { name, run } of this.#steps.reverse()) {
      const timer = new AbortController();
      const late = delay(stepLimitMs, 'late', { signal: timer.signal }).catch(() => 'done');
      try {
        const outcome = await Promise.race([Promise.resolve(run()).then(() => 'done'), late]);
        if (outcome === 'late') this.#onProblem({ step: name });
      } catch (err) {
        this.#onProblem({ step: name, err });
      } finally {
        timer.abort();
      }
    }
  }
}
