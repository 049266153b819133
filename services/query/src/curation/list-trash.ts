import { sessionView, type Owner } from '@opensync/contracts';
import type { z } from 'zod';
import { inQuery, limitOf, onlyFields } from '../input.ts';
import { optionalText } from '../parameters.ts';
import type { QueryResources } from '../resources.ts';
import { decodeSessionCursor, encodeCursor } from '../sessions/cursors.ts';
import { sessionJson, type SessionJson } from '../sessions/session-json.ts';
import { UNDO_MS } from './trash.ts';

/** Query string of `GET /api/trash`. */
export const trashSchema = onlyFields({
  limit: inQuery(limitOf(50, 20, 'Maximum number of sessions')),
  cursor: optionalText(8_000, 'The `cursor` of the previous page'),
});

export interface TrashPage {
  readonly sessions: readonly (SessionJson & { readonly restorableUntil: number })[];
  readonly cursor: string | null;
}

/** One page of the caller's sessions that can still be restored: in the order in which they will be deleted for good. */
export async function listTrash(
  { documents }: Pick<QueryResources, 'documents'>,
  owner: Owner,
  { limit, cursor }: z.infer<typeof trashSchema>,
  now: number,
): Promise<TrashPage> {
  const [, , trashedAt, id] = cursor === undefined ? [, , now - UNDO_MS, '\uffff'] : decodeSessionCursor(cursor);
  const query = { owner, before: Number.MAX_SAFE_INTEGER, limit: limit + 1, after: { owner, trashedAt, id } };
  const found = await documents.trashed(query);
  const page = found.slice(0, limit);
  const { gone } = await documents.load(owner, { sessions: page.map((session) => session.id) });
  const last = page.at(-1);
  return {
    sessions: page.flatMap((trashed) => {
      const session = gone.get(trashed.id);
      // Taken out, or being deleted, since the list was read.
      if (session?.fields.trashedAt !== trashed.trashedAt || session.fields.erasing) return [];
      return [{ ...sessionJson(sessionView(session)), restorableUntil: trashed.trashedAt + UNDO_MS }];
    }),
    cursor: found.length > limit && last ? encodeCursor(['createdAt', 'asc', last.trashedAt, last.id]) : null,
  };
}
