import { AppError } from './errors.ts';

export interface PlacesOptions {
  /** How many may wait at the same time. */
  readonly total: number;
  /** Of these, how many of one holder. */
  readonly perHolder: number;
  /** What waits, for the message: "requests". */
  readonly what: string;
  /** Seconds, sent as `Retry-After`. */
  readonly retryAfter: number;
}

/** Places for requests that wait for something: bounded in total and for each holder. Who finds none is refused at once. */
export class Places {
  readonly #options: PlacesOptions;
  readonly #held = new Map<string, number>();
  #taken = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /**
   * Takes a place and returns a function that gives it back.
   * @param holder e.g. a key
   * @throws AppError RATE_LIMITED if the holder has its share, UNAVAILABLE if all places are taken
   */
  take(holder: string): () => void {
    const { total, perHolder, what, retryAfter } = this.#options;
    const held = this.#held.get(holder) ?? 0;
    if (held >= perHolder) {
      throw new AppError('RATE_LIMITED', `More than ${perHolder} ${what} of this API key are waiting`, { retryAfter });
    }
    if (this.#taken >= total)
      throw new AppError('UNAVAILABLE', `Too many ${what} are waiting; try again`, { retryAfter });
    this.#taken++;
    this.#held.set(holder, held + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#taken--;
      const left = this.#held.get(holder)! - 1;
      if (left > 0) this.#held.set(holder, left);
      else this.#held.delete(holder);
    };
  }
}
