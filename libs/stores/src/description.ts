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

/** The store does not answer or refuses for now: worth retrying. The message names no credentials. */
export class StoreUnavailableError extends AppError {
  override readonly name = 'StoreUnavailableError';

  /** @param options `reason` says for people what is wrong where that is known */
  constructor(store: StoreName, { reason, ...options }: { reason?: string; cause?: unknown } = {}) {
    super(
      'UNAVAILABLE',
      `the ${store} store ${reason === undefined ? 'does not answer' : `refuses: ${reason}`}`,
      options,
    );
  }
}
