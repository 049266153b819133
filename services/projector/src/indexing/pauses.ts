/** Work that can be paused: a pause begins when work in progress has ended; new work waits until the pause ends. */
export class Pauses {
  readonly #underWay = new Set<Promise<unknown>>();
  #pause: Promise<unknown> = Promise.resolve();

  around<Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
    return async (...args) => {
      for (let pause; pause !== this.#pause;) {
        pause = this.#pause;
        await pause;
      }
      const working = work(...args);
      const ended = working.catch(() => undefined);
      this.#underWay.add(ended);
      void ended.finally(() => this.#underWay.delete(ended));
      return working;
    };
  }

  /** One pause after the other. @throws what the work does */
  during(work: () => Promise<void>): Promise<void> {
    const before = this.#pause;
    const pause = before.then(async () => {
      await Promise.all(this.#underWay);
      await work();
    });
    this.#pause = pause.catch(() => undefined);
    return pause;
  }
}
