import { isRetryable } from '@opensync/platform';

/**
 * Runs at most `atOnce` calls at a time; others wait in order. So a call's own timeout begins when it runs, not while
 * it waits behind others. If one finds no responder, waiting ones fail with it: each would only wait for the same
 * timeout.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #waiting: PromiseWithResolvers<void>[] = [];
  #running = 0;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** @throws errors of `call`, or another call's retryable error while this one waits */
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
