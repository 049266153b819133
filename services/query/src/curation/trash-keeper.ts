import { setTimeout as delay } from 'node:timers/promises';
import { isTrashed, type SessionState } from '@opensync/contracts';
import { AppError, isRetryable } from '@opensync/platform';
import type { TrashedSession } from '@opensync/stores';
import { Curations } from './curations.ts';
import { erase, UNDO_MS, type ErasureResources } from './trash.ts';

const EVERY_MS = 60_000;
const SESSIONS_AT_ONCE = 100;

export interface TrashKeeperOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly everyMs?: number;
  readonly onErased?: (session: TrashedSession) => void;
  /** Called with an error that is no outage. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * Deletes for good what has been in the trash for a day. Every replica may do it at once: whose first step comes second
 * finds that out, and the log stores the second step of all of them once. Returns the number of erased sessions.
 * @throws AppError UNAVAILABLE
 */
export async function emptyTrash(
  resources: ErasureResources,
  { now, onErased, onFailure }: Pick<TrashKeeperOptions, 'onErased' | 'onFailure'> & { now: number },
): Promise<number> {
  const before = now - UNDO_MS;
  const isDue = (session: SessionState) => isTrashed(session) && session.fields.trashedAt! < before;
  let count = 0;
  for (let after: TrashedSession | undefined; ;) {
    const page = await resources.documents.trashed({ before, limit: SESSIONS_AT_ONCE, after });
    for (const trashed of page) {
      const { owner, id } = trashed;
      try {
        await erase(resources, new Curations(resources, owner, now), { id, now, isDue });
        count++;
        onErased?.(trashed);
      } catch (error) {
        // Taken out, or erased by another replica.
        if (error instanceof AppError && error.code === 'NOT_FOUND') continue;
        if (isRetryable(error)) throw error;
        // It must not keep the others waiting.
        onFailure?.(error);
      }
    }
    after = page.at(-1);
    if (page.length < SESSIONS_AT_ONCE) return count;
  }
}

/** Empties the trash again and again. Returns a function that ends it. */
export function keepTrash(
  resources: ErasureResources,
  { now, everyMs = EVERY_MS, onErased, onFailure }: TrashKeeperOptions,
): () => Promise<void> {
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        await emptyTrash(resources, {
          now: now(),
          ...(onErased && { onErased }),
          ...(onFailure && { onFailure }),
        });
      } catch (error) {
        // The log or the documents are unavailable: later. Anything else is a bug, which must not end the process.
        if (!isRetryable(error)) onFailure?.(error);
      }
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return async () => {
    stopping.abort();
    await running;
  };
}
