import { AppError, ConfigError } from '@opensync/platform';

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
  /** For operators: what is wrong, where that is known. */
  readonly message?: string;
}

/** The store does not answer or refuses for now: worth retrying. The message names no credentials. */
export class StoreUnavailableError extends AppError {
  override readonly name: string = 'StoreUnavailableError';
  readonly store: StoreName;

  constructor(store: StoreName, { cause, message }: UnavailableOptions = {}) {
    super('UNAVAILABLE', message ?? `the ${store} store does not answer`, { cause });
    this.store = store;
  }
}

/**
 * The server answers, and not as the settings have it: it refuses the credentials, is too old, or is something else. The
 * message names the setting; what mends it may as well be done at the server. A ConfigError that no server was asked about is
 * none of these.
 */
export class UnfitServerError extends ConfigError {}

/**
 * What is stored cannot be used as it is: another version made it, or it is damaged. Of a store on a server the message says
 * what to do; an embedded one is made again by itself.
 * Retryable: what waits for it goes on when a rebuild has made the next generation. A rebuild itself takes it for empty.
 */
export class UnusableStoreError extends StoreUnavailableError {
  override readonly name = 'UnusableStoreError';
}
