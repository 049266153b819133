/**
 * Milliseconds of a clock that never jumps, unlike `Date.now()`, and that all threads of this process share, unlike
 * `performance.now()`. For deadlines.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}
