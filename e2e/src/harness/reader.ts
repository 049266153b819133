import { setTimeout as delay } from 'node:timers/promises';
import type { Api } from './api.ts';

const MOST_FAILURES = 20;

/** Reads one page again and again, and counts what does not come. */
export class Reader implements AsyncDisposable {
  readonly #running: Promise<void>;
  readonly #pauseMs: number;
  #stopped = false;
  asked = 0;
  failed = 0;
  /** From each first failure to the answer that came after it. */
  downMs = 0;
  /** The first failures: when, and what came instead. */
  readonly failures: string[] = [];

  constructor(api: Api, pauseMs: number) {
    this.#pauseMs = pauseMs;
    this.#running = this.#read(api);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #read(api: Api): Promise<void> {
    let downSince: number | undefined;
    while (!this.#stopped) {
      const askedAt = performance.now();
      this.asked++;
      const problem = await api.request('/api/sessions?limit=1').then(
        ({ status, body }) => (status === 200 ? undefined : `${status} ${JSON.stringify(body)}`),
        (error: Error) => String(error.cause ?? error),
      );
      if (problem !== undefined && ++this.failed <= MOST_FAILURES)
        this.failures.push(`${new Date().toISOString()} ${problem}`);
      if (problem !== undefined) downSince ??= askedAt;
      else if (downSince !== undefined) {
        this.downMs += performance.now() - downSince;
        downSince = undefined;
      }
      await delay(this.#pauseMs);
    }
  }
}
