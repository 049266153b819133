import { ownerKey, type Owner } from '@opensync/contracts';
import { ByteBudget, type AppError } from '@opensync/platform';
import type { Turns } from '../resources.ts';

/** Searches that the stores work on at a time, and those of one owner: an embedded store has one thread for all of them. */
const AT_ONCE = 8;
const AT_ONCE_OF_OWNER = 2;
/** How long a search waits for its turn. */
const WAIT_MS = 2_000;
const RETRY_AFTER = 2;
/** Searches that may wait. */
const MOST_WAITING = 256;
const MOST_WAITING_OF_OWNER = 32;

export interface SearchTurnsOptions {
  readonly atOnce?: number;
  readonly ofOwner?: number;
  readonly waitMs?: number;
}

/** The queue in front of the search stores: owners take turns, so that the many or slow searches of one hold up only that one. */
export class SearchTurns implements Turns {
  readonly #turns: ByteBudget;
  readonly #refusals = new WeakSet<object>();

  constructor({ atOnce = AT_ONCE, ofOwner = AT_ONCE_OF_OWNER, waitMs = WAIT_MS }: SearchTurnsOptions = {}) {
    this.#turns = new ByteBudget({
      limit: atOnce,
      perHolder: ofOwner,
      waitMs,
      refusal: 'Too many searches are under way; search again',
      retryAfter: RETRY_AFTER,
      mostWaiting: MOST_WAITING,
      mostWaitingOfHolder: MOST_WAITING_OF_OWNER,
    });
  }

  /** @throws AppError UNAVAILABLE if it is not its turn in time, and what `work` throws */
  async take<Result>(owner: Owner, work: () => Promise<Result>): Promise<Result> {
    const end = await this.#turns.acquire(ownerKey(owner), 1).catch((error: AppError) => {
      this.#refusals.add(error);
      throw error;
    });
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** Whether an error says that there was no turn, and nothing about a store. */
  isRefusal(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.#refusals.has(error);
  }
}
