import { AppError } from '@opensync/platform';

/** A dependency that asks for more time is asked again after this much, ms. */
const LONGEST_NAMED_PAUSE_MS = 60_000;

/**
 * The pause that a rate limit names, ms, up to a minute; undefined if the error names none that is longer than `usualMs`.
 * To try again sooner would be refused, too, and some services extend the pause for it.
 */
export function namedPauseMs(error: unknown, usualMs: number): number | undefined {
  if (!(error instanceof AppError) || error.code !== 'RATE_LIMITED' || error.retryAfter === undefined) return undefined;
  const pauseMs = Math.min(error.retryAfter * 1_000, LONGEST_NAMED_PAUSE_MS);
  return pauseMs > usualMs ? pauseMs : undefined;
}
