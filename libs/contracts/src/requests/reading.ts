/** Why a value was repaired or left out. It is a metric label, so the set is fixed. */
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

/** A value of a request that could not be used unchanged, and what was done with it. */
export interface RequestWarning {
  /** Dotted, as it was sent: `usage.input_tokens`, `parts.3.content`. */
  readonly path: string;
  readonly message: string;
  readonly reason: WarningReason;
  /** Our name: a field of the tables, or `parts`. */
  readonly field: string;
}

/** Per item, so that a hostile request cannot make the answer larger than itself. */
const MOST_WARNINGS = 20;

/** Notes taken while a request is read. */
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
