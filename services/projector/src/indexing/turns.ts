import { isRetryable } from '@opensync/platform';

/**
 * Lets `atOnce` calls run at a time and the others wait, first come, first served. So a call's own timeout begins when
 * there is room for it, not while it is behind other calls of ours. Where one finds nobody there, those that wait
 * fail with it: each would only wait for the same, one timeout after the other.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #waiting: PromiseWithResolvers<void>[] = [];
  #running = 0;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** @throws what `call` throws, or another one's retryable error while this one waits */
  async take<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#atOnce) {
      this.#running++;
    } else {
      const turn = Promise.withResolvers<void>();
      this.#waiting.push(turn);
      await turn.promise;
    }
    try {
      return await call();
    } catch (error) {
      if (isRetryable(error)) for (const { reject } of this.#waiting.splice(0)) reject(error);
      throw error;
    } finally {
      const next = this.#waiting.shift();
      if (next) next.resolve();
      else this.#running--;
    }
  }
}
