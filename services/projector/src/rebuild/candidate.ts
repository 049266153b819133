import type { Owner } from '@opensync/contracts';
import type { ConsumerRef } from '@opensync/event-log';
import { isRetryable, retrying } from '@opensync/platform';
import type { StorePosition } from '@opensync/stores';

/** The current phase of a rebuild, and its progress. */
export interface RebuildProgress {
  readonly phase: 'replaying' | 'indexing' | 'comparing';
  readonly done: number;
  readonly total: number;
}

/** The next generation of a store, being built. */
export interface Candidate {
  /** The consumer that keeps the live generation up to date. */
  readonly consumer: ConsumerRef;
  /** Documents that could not be processed and were left out, as in the live projection. */
  readonly skipped: number;
  /** Brings it close to the current end of the log. */
  fill(): Promise<void>;
  /** When it resolves, it contains everything that was in the log at the time of the call. */
  catchUp(): Promise<void>;
  /** Its position in the log after the last catch-up; undefined if unknown. */
  position(): Promise<StorePosition | undefined>;
  /**
   * When it resolves, it has everything of this session that the live generation can have had at the time of the
   * call.
   */
  refresh(owner: Owner, sessionId: string): Promise<void>;
  /** Releases its resources, to be continued later; or permanently, when it is live. */
  stop(end: 'interrupted' | 'done'): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** After this time somebody should look; finished work is kept. */
const PATIENCE_MS = 120_000;
/**
 * Minimum number of consecutive failures: a single attempt, such as embedding a page of long messages, may take
 * minutes.
 */
const FAILURES = 3;

/**
 * Retries failures of an unavailable store, log or embedder.
 * @throws its error two minutes after the first failure, or later, at the third one
 */
export function untilAvailable<T>(work: () => Promise<T>): Promise<T> {
  return retrying(work, {
    firstPauseMs: FIRST_PAUSE_MS,
    longestPauseMs: LONGEST_PAUSE_MS,
    isRetried: (error, { attempt, failingMs }) =>
      isRetryable(error) && (failingMs <= PATIENCE_MS || attempt < FAILURES),
  });
}
