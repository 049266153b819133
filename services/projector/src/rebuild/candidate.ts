import type { Owner } from '@opensync/contracts';
import type { ConsumerRef } from '@opensync/event-log';
import { isRetryable, retrying } from '@opensync/platform';
import type { StorePosition } from '@opensync/stores';

/** What a rebuild is doing, and how far it is. */
export interface RebuildProgress {
  readonly phase: 'replaying' | 'indexing' | 'comparing';
  readonly done: number;
  readonly total: number;
}

/** The next generation of a store, being made. */
export interface Candidate {
  /** The consumer that keeps the live generation up to date. */
  readonly consumer: ConsumerRef;
  /** What could not be processed and was left out, as the live projection left it out. */
  readonly skipped: number;
  /** Brings it near to where the log is now. */
  fill(): Promise<void>;
  /** When it resolves, all that was in the log when it was called is in it. */
  catchUp(): Promise<void>;
  /** Up to where it holds the log, as of the last time that it was caught up; undefined if that is not known. */
  position(): Promise<StorePosition | undefined>;
  /** When it resolves, it has of this session all that the live generation can have had when it was called. */
  refresh(owner: Owner, sessionId: string): Promise<void>;
  /** Lets go of what it holds, to be continued later; or for good, when it is live. */
  stop(end: 'interrupted' | 'done'): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Longer, and somebody should look; what is done until then is kept. */
const PATIENCE_MS = 120_000;
/** Failures in succession at least: a single attempt, of a page of long messages to embed, may take minutes. */
const FAILURES = 3;

/**
 * Repeats what fails because a store, the log or the embedder is away.
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
