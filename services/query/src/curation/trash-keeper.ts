import { isTrashed, type SessionState } from '@opensync/contracts';
import { AppError, isRetryable } from '@opensync/platform';
import type { TrashedSession } from '@opensync/stores';
import { Curations } from './curations.ts';
import { erase, UNDO_MS, type ErasureResources } from './trash.ts';

const SESSIONS_AT_ONCE = 100;

export interface EmptyTrashOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly onErased?: (session: TrashedSession) => void;
  /** Called with an error that is no outage. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * Deletes for good what has been in the trash for a day. Several replicas may do it at once: the log accepts the
 * first step of one of them, and stores the second step once. Returns the number of erased sessions.
 * @throws AppError UNAVAILABLE
 */
export async function emptyTrash(
  resources: ErasureResources,
  { now, onErased, onFailure }: EmptyTrashOptions,
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
