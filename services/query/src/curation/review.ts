import { sessionView, type Reader } from '@opensync/contracts';
import type { z } from 'zod';
import { inQuery, limitOf, onlyFields } from '../input.ts';
import { optionalText } from '../parameters.ts';
import type { QueryResources } from '../resources.ts';
import { decodeSessionCursor, encodeCursor } from '../sessions/cursors.ts';
import type { SessionPage } from '../sessions/list-sessions.ts';
import { ratedSessions } from '../sessions/rated-session.ts';

/** Query string of `GET /api/review`. */
export const reviewSchema = onlyFields({
  limit: inQuery(limitOf(50, 20, 'Maximum number of sessions')),
  cursor: optionalText(8_000, 'The `cursor` of the previous page'),
});
export type Review = z.infer<typeof reviewSchema>;

/**
 * One page of the sessions that wait for a verdict, oldest first: meant for evaluations and never judged, or to be
 * judged again. They are listed with their notes and expected output, so a page is at most a few megabytes.
 */
export async function reviewQueue(
  { documents }: Pick<QueryResources, 'documents'>,
  reader: Reader,
  { limit, cursor }: Review,
): Promise<SessionPage> {
  const after = cursor === undefined ? undefined : placeOf(cursor);
  const oldest = { sort: 'createdAt', order: 'asc', inReview: true } as const;
  const found = await documents.sessions(reader, { ...oldest, limit: limit + 1, ...(after && { after }) });
  const states = found.slice(0, limit);
  const last = found.length > limit ? states.at(-1) : undefined;
  return {
    sessions: await ratedSessions(documents, states),
    cursor: last ? encodeCursor(['createdAt', 'asc', sessionView(last).createdAt, last.id]) : null,
  };
}

function placeOf(cursor: string) {
  const [, , value, id] = decodeSessionCursor(cursor);
  return { value, id };
}
