import { setTimeout as sleep } from 'node:timers/promises';

/** Refusals that wait at the same time. Each holds a request and its connection, some ten kilobytes. */
const MOST = 1_024;

/**
 * Slows down clients that are over a limit before authentication and retry at once: each connection of theirs gets one refusal a second,
 * and costs others no time. Requests with a valid key never wait here.
 */
export class SlowRefusals {
  readonly #ms: number;
  #waiting = 0;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Resolves when the refusal may be sent; at once if too many wait already. */
  async wait(): Promise<void> {
    if (this.#waiting >= MOST || this.#ms === 0) return;
    this.#waiting++;
    await sleep(this.#ms);
    this.#waiting--;
  }
}
