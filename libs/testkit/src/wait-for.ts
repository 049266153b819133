import { setTimeout as delay } from 'node:timers/promises';

/**
 * Polls every few milliseconds until the condition returns something truthy, and resolves with that. A condition that
 * throws counts as false; the last error is the cause when time runs out.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 60_000, intervalMs = 10, what = 'the condition' } = {},
): Promise<Exclude<Awaited<T>, undefined | null | false | 0 | ''>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await condition();
      if (value) return value as Exclude<Awaited<T>, undefined | null | false | 0 | ''>;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`${what} did not hold within ${timeoutMs} ms`, { cause: last });
    await delay(intervalMs);
  }
}
