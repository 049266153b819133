import { listen } from '../api/client.ts';
import { addressOf } from '../api/base.ts';
import { session } from '../session/session.svelte.ts';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8_000;
/** If the server is lost again within this time, the pause between attempts is not reset. */
const CALM_MS = 30_000;

/** Whether the server answers. Once it does not, it is asked until it does, and then what is shown is read again. */
class Server {
  isLost = $state(false);
  /** Grows whenever everything has to be read again: after a login, and when the server is back. */
  revision = $state(0);
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = FIRST_RETRY_MS;
  #foundAt = -Infinity;

  constructor() {
    listen({
      onAnswer: () => this.#found(),
      onSilence: () => this.lost(),
      onEnded: () => session.ended(),
      onForbidden: () => session.forbidden(),
    });
    window.addEventListener('online', () => void this.#ask());
  }

  /** Everything that is shown is read again. */
  refresh(): void {
    this.revision++;
  }

  /** There was no answer. */
  lost(): void {
    if (!this.isLost && Date.now() - this.#foundAt >= CALM_MS) this.#pauseMs = FIRST_RETRY_MS;
    this.isLost = true;
    this.#schedule();
  }

  /** Checks whether the server answers, after another request failed. If not, it counts as lost. */
  async answers(): Promise<boolean> {
    const isThere = await this.#probe();
    if (!isThere) this.lost();
    return isThere;
  }

  async #probe(): Promise<boolean> {
    const answer = await fetch(addressOf('/livez'), { cache: 'no-store' }).catch(() => undefined);
    return answer?.ok ?? false;
  }

  #schedule(): void {
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => void this.#ask(), this.#pauseMs);
    this.#pauseMs = Math.min(LAST_RETRY_MS, this.#pauseMs * 2);
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (!this.isLost) return;
    if (await this.#probe()) this.#found();
    else this.#schedule();
  }

  #found(): void {
    if (!this.isLost) return;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#foundAt = Date.now();
    this.isLost = false;
    void session.check();
    this.refresh();
  }
}

export const server = new Server();
