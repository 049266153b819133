import { setTimeout as delay } from 'node:timers/promises';
import { isRetryable } from './errors.ts';

/** How long to pause between calls. */
export interface Backoff {
  /** The first pause, ms. Each further one is twice as long. */
  readonly firstPauseMs: number;
  /** Default: no limit. Equal to `firstPauseMs`: all pauses are equally long. */
  readonly longestPauseMs?: number;
  /** A share from 0 to 1 by which each pause may be shorter or longer, so that callers which failed together do not return together. */
  readonly jitter?: number;
}

/** A call that failed. */
export interface Failure {
  /** Calls so far; 1: the first one failed. */
  readonly attempt: number;
  /** Time since the first of them failed, ms. */
  readonly failingMs: number;
}

export interface RetryOptions extends Backoff {
  /** Calls in all; default: no limit. */
  readonly attempts?: number;
  /** Time from the first call, ms, after which a failure is final; default: no limit. */
  readonly withinMs?: number;
  /** Ends the pause or, if a call is in progress, prevents the next one. The error of the latest call is thrown then. */
  readonly signal?: AbortSignal | undefined;
  /** Whether another call may succeed; default: what {@link isRetryable} says. A {@link TryAgain} is always retried. */
  readonly isRetried?: (error: unknown, failure: Failure) => boolean;
  /** A pause that the error itself names, ms, such as that of a `Retry-After` header. It replaces the computed one. */
  readonly pauseOf?: (error: unknown) => number | undefined;
  /** Called before each pause. */
  readonly onRetry?: (error: unknown) => void;
}

/** Thrown by `work` when an answer, not an error, calls for another try. After the last one, its cause is thrown. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';

  constructor(cause: unknown) {
    super('try again', { cause });
  }
}

/** The pause after that many failures in a row, from 1 on; ms. */
export function backoffMs(failures: number, { firstPauseMs, longestPauseMs = Infinity, jitter = 0 }: Backoff): number {
  const pauseMs = Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs);
  return pauseMs * (1 + jitter * (2 * Math.random() - 1));
}

/**
 * Calls `work` until it succeeds, with a pause after each failure.
 * @throws the error of the latest call, once it is not to be retried, a limit is reached or `signal` is aborted
 */
export async function retrying<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts = Infinity, withinMs = Infinity, signal, isRetried = isRetryable, pauseOf, onRetry } = options;
  const startedAt = performance.now();
  let failingSince: number | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (thrown) {
      const now = performance.now();
      failingSince ??= now;
      const isAnswer = thrown instanceof TryAgain;
      const error = isAnswer ? thrown.cause : thrown;
      if (signal?.aborted || attempt >= attempts || now - startedAt > withinMs) throw error;
      if (!isAnswer && !isRetried(error, { attempt, failingMs: now - failingSince })) throw error;
      onRetry?.(error);
      const pauseMs = pauseOf?.(error) ?? backoffMs(attempt, options);
      await delay(pauseMs, undefined, signal && { signal }).catch(() => Promise.reject(error));
    }
  }
}
