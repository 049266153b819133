import { setTimeout as delay } from 'node:timers/promises';

const EVERY_MS = 10;
const LIMIT_MS = 60_000;

/** Resolves once the condition holds. The testkit has more of this, but depends on this package. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const start = performance.now();
  while (!(await holds())) {
    if (performance.now() - start > LIMIT_MS) throw new Error(`does not hold after ${LIMIT_MS} ms: ${String(holds)}`);
    await delay(EVERY_MS);
  }
}
