/** Why a value was repaired or left out: a label of a metric, so the set is fixed. */
export type WarningReason =
  | 'wrong-type'
  | 'negative'
  | 'too-large'
  | 'too-long'
  | 'too-deep'
  | 'too-many'
  | 'ill-formed'
  | 'unreadable'
  | 'implausible'
  | 'not-a-part';

/** A value of a request that could not be used as it was sent, and what was done with it. */
export interface RequestWarning {
  /** Dotted, as it was sent: `usage.input_tokens`, `parts.3.content`. */
  readonly path: string;
  readonly message: string;
  readonly reason: WarningReason;
  /** Ours; one of the tables of fields, or `parts`. */
  readonly field: string;
}

/** Of one item, so that a hostile one cannot make an answer larger than itself. */
const MOST_WARNINGS = 20;

/** What is noted while a request is read. */
export class Reading {
  /** Arrival, milliseconds since the epoch. */
  readonly now: number;
  readonly #warnings: RequestWarning[] = [];
  #more = 0;

  constructor(now: number) {
    this.now = now;
  }

  warn(field: string, path: string, reason: WarningReason, message: string): void {
    if (this.#warnings.length < MOST_WARNINGS) this.#warnings.push({ path, message, reason, field });
    else this.#more++;
  }

  get warnings(): readonly RequestWarning[] {
    if (this.#more === 0) return this.#warnings;
    const message = `${this.#more} more values were repaired or left out`;
    return [...this.#warnings, { path: '', message, reason: 'too-many', field: 'other' }];
  }
}
