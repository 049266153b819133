import { reasonOf } from '@opensync/platform';

/** How long a failure counts if nothing was read since: afterwards a new attempt is worthwhile. */
const FAILURE_COUNTS_MS = 60_000;

/** Outcomes of payload reads over one connection. */
export class PayloadReads {
  readonly #totals = { ok: 0, unavailable: 0, lost: 0 };
  #bytes = 0;
  #failure: { readonly at: number; readonly reason: string } | undefined;

  succeeded(): void {
    this.#totals.ok++;
    this.#failure = undefined;
  }

  handedOn(bytes: number): void {
    this.#bytes += bytes;
  }

  failed(error: unknown): void {
    this.#totals.unavailable++;
    this.#failure = { at: performance.now(), reason: reasonOf(error) };
  }

  lost(): void {
    this.#totals.lost++;
  }

  /** Since the process started. */
  get totals(): Readonly<Record<'ok' | 'unavailable' | 'lost', number>> {
    return this.#totals;
  }

  /** Bytes that readers received, from the log or the cache. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Why reads fail at the moment, in a line; undefined if they do not. */
  get problem(): string | undefined {
    if (!this.#failure || performance.now() - this.#failure.at > FAILURE_COUNTS_MS) return undefined;
    return `payload reads failing: ${this.#failure.reason}`;
  }
}
