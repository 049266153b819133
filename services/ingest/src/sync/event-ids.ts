import { randomFillSync } from 'node:crypto';
import { v5, v7 } from 'uuid';

const UUID_BYTES = 16;
const pool = new Uint8Array(256 * UUID_BYTES);
let used = pool.length;

/** Asking the system for each 16 bytes alone would make an id cost four times as much. */
function randomBytes(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool.subarray(used, (used += UUID_BYTES));
}

/** A new UUIDv7. */
export function newEventId(): string {
  return v7({ rng: randomBytes });
}

const DERIVED_ID_NAMESPACE = '5b0d8a5e-3f0c-4d0e-9d6b-8f4a1f2f7c11';

/** The UUIDv5 of these components: the same ones always give the same id. */
export function derivedEventId(components: readonly unknown[]): string {
  return v5(JSON.stringify(components), DERIVED_ID_NAMESPACE);
}
