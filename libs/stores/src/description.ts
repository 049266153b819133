import { AppError } from '@opensync/platform';

/** What `status`, `/readyz` and metrics say of a store. */
export interface StoreDescription {
  /** For people, e.g. `SQLite 3.53.4 (embedded)`. */
  readonly engine: string;
  /** Where it is: a file or a URL without credentials. */
  readonly location: string;
  /** Rows by kind, e.g. `{ sessions: 3, messages: 40 }`. */
  readonly counts: Readonly<Record<string, number>>;
  /** What works and an operator should mend all the same, one line each, e.g. a missing index. */
  readonly problems?: readonly string[];
}

export type StoreName = 'documents' | 'search' | 'vectors';

export interface UnavailableOptions {
  readonly cause?: unknown;
  /** What is stored cannot be read: no waiting mends that, only making it anew. */
  readonly damaged?: boolean;
  /** For operators: what is wrong, where that is known. */
  readonly message?: string;
}

/** The store does not answer or refuses for now: worth retrying. The message names no credentials. */
export class StoreUnavailableError extends AppError {
  override readonly name: string = 'StoreUnavailableError';
  readonly store: StoreName;
  readonly damaged: boolean;

  constructor(store: StoreName, { cause, damaged = false, message }: UnavailableOptions = {}) {
    super('UNAVAILABLE', message ?? `the ${store} store does not answer`, { cause });
    this.store = store;
    this.damaged = damaged;
  }
}

/**
 * Another version made what is stored, so it is not written to, and read only as far as that works. Retryable: what
 * waits for it goes on when a rebuild has made the next generation.
 */
export class IncompatibleStoreError extends StoreUnavailableError {
  override readonly name = 'IncompatibleStoreError';
}
