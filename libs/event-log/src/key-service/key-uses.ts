import { ACCESS_SUBJECTS, accessBatchSchema } from '@opensync/contracts';
import { reasonOf, type Logger } from '@opensync/platform';
import type { LogConnection } from '../connection.ts';
import type { KeyDirectory } from '../keys/index.ts';

const QUEUE = 'keepers';
/** Keys whose use is being written. Beyond it a use is not recorded, and the next one is. */
const MOST_WRITES = 64;

/**
 * Records when each key was used, from what gateways write to the access log: they may not write keys themselves. Without an access
 * log, no use is recorded.
 */
export function recordUses(nc: LogConnection, keys: KeyDirectory, logger: Logger): void {
  const writing = new Set<string>();
  nc.subscribe(ACCESS_SUBJECTS, {
    queue: QUEUE,
    callback: (error, message) => {
      if (error || !keys.isCurrent) return;
      for (const [keyId, at] of usesOf(message.data)) {
        if (writing.has(keyId) || writing.size >= MOST_WRITES) continue;
        writing.add(keyId);
        keys
          .used(keyId, at)
          .catch((failure: unknown) => logger.debug({ reason: reasonOf(failure) }, 'the use of a key was not recorded'))
          .finally(() => writing.delete(keyId));
      }
    },
  });
}

/** The last use of each key in a batch. Pure. */
function usesOf(data: Uint8Array): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  try {
    const batch = accessBatchSchema.parse(JSON.parse(new TextDecoder().decode(data)));
    for (const { keyId, at } of batch.entries) uses.set(keyId, Math.max(at, uses.get(keyId) ?? 0));
  } catch {
    // Of another version.
  }
  return uses;
}
