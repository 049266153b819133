import { AppError, ConfigError } from '@opensync/platform';

/** The description of a store for `status`, `/readyz` and metrics. */
export interface StoreDescription {
  /** For people, e.g. `SQLite 3.53.4 (embedded)`. */
  readonly engine: string;
  /** Its location: a file or a URL without credentials. */
  readonly location: string;
  /** Rows by kind, e.g. `{ sessions: 3, messages: 40 }`. */
  readonly counts: Readonly<Record<string, number>>;
  /** Issues that an operator should fix although the store works, one line each, e.g. a missing index. */
  readonly problems?: readonly string[];
}

export type StoreName = 'documents' | 'search' | 'vectors';

export interface UnavailableOptions {
  readonly cause?: unknown;
  /** For operators: what is wrong, if known. */
  readonly message?: string;
}

/** The store does not answer or rejects requests for now: worth retrying. The message names no credentials. */
export class StoreUnavailableError extends AppError {
  override readonly name: string = 'StoreUnavailableError';
  readonly store: StoreName;

  constructor(store: StoreName, { cause, message }: UnavailableOptions = {}) {
    super('UNAVAILABLE', message ?? `the ${store} store does not answer`, { cause });
    this.store = store;
  }
}

/**
 * The server answers, but does not fit the settings: it rejects the credentials, is too old, or is a different
 * product. The message names the setting; the server may be what needs fixing. A ConfigError that involves no server
 * is not of this class.
 */
export class UnfitServerError extends ConfigError {}

/**
 * The stored data is unusable: another version wrote it, or it is damaged. For a store on a server the message says
 * what to do; an embedded one is rebuilt automatically. Retryable: waiting work continues when a rebuild has created
 * the next generation. A rebuild itself treats the store as empty.
 */
export class UnusableStoreError extends StoreUnavailableError {
  override readonly name = 'UnusableStoreError';
}
