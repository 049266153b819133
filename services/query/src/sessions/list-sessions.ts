import { sessionView, type Positions, type Reader, type SessionState, type SessionView } from '@opensync/contracts';
import type { z } from 'zod';
import { inQuery, limitOf, onlyFields, listFilterFields } from '../input.ts';
import { choiceOf, optionalText } from '../parameters.ts';
import type { QueryResources } from '../resources.ts';
import { decodeSessionCursor, decodeUpdateCursor, encodeCursor, encodeUpdateCursor, invalidCursor } from './cursors.ts';
import { ratedSessions, type RatedSession } from './rated-session.ts';
import { pageByUpdate } from './update-walk.ts';

/** Query string of `GET /api/sessions`. */
export const listSessionsSchema = onlyFields({
  ...listFilterFields,
  limit: inQuery(limitOf(200, 50, 'Maximum number of sessions')),
  cursor: optionalText(8_000, 'The `cursor` of the previous page'),
  sort: choiceOf(['createdAt', 'updatedAt'], 'createdAt', 'The field to sort by'),
  order: choiceOf(['asc', 'desc'], 'desc', 'Oldest first, or newest first'),
});
export type ListSessions = z.infer<typeof listSessionsSchema>;

export interface SessionPage {
  readonly sessions: readonly RatedSession[];
  /** Null on the last page. */
  readonly cursor: string | null;
}

/** Characters of the texts on a page, of which a session has some hundred: about 2 MB, as a page of messages has. */
const PAGE_CHARACTERS = 1024 * 1024;

/** One page of the sessions that the reader may see; one of very long titles and paths has fewer of them than asked for. */
export async function listSessions(
  resources: Pick<QueryResources, 'documents' | 'progress'>,
  reader: Reader,
  query: ListSessions,
  positions: Positions,
): Promise<SessionPage> {
  for (let { limit } = query; ;) {
    const { states, cursor } = await pageOf(resources, reader, { ...query, limit }, positions);
    const count = states.length;
    const characters = states.reduce((sum, state) => sum + charactersOf(sessionView(state)), 0);
    if (characters <= PAGE_CHARACTERS || count <= 1) {
      return { sessions: await ratedSessions(resources.documents, states), cursor };
    }
    limit = Math.max(1, Math.min(count - 1, Math.floor((count * PAGE_CHARACTERS) / characters)));
  }
}

function charactersOf(session: SessionView): number {
  let characters = 0;
  for (const value of Object.values(session).flat()) if (typeof value === 'string') characters += value.length;
  return characters;
}

interface StatePage {
  readonly states: readonly SessionState[];
  readonly cursor: string | null;
}

async function pageOf(
  resources: Pick<QueryResources, 'documents' | 'progress'>,
  reader: Reader,
  query: ListSessions,
  positions: Positions,
): Promise<StatePage> {
  const { cursor, limit, sort, order, ...filter } = query;
  if (sort === 'updatedAt') {
    const after = cursor === undefined ? undefined : decodeUpdateCursor(cursor, positions);
    if (after && after.order !== order) throw invalidCursor('cursor');
    const page = await pageByUpdate(resources, reader, { filter, order, limit, after });
    return { states: page.states, cursor: page.cursor ? encodeUpdateCursor(page.cursor, positions) : null };
  }
  const after = cursor === undefined ? undefined : continueAfter(cursor, order);
  // One more than requested shows whether there is a next page.
  const found = await resources.documents.sessions(reader, { ...filter, sort, order, limit: limit + 1, after });
  const states = found.slice(0, limit);
  const last = found.length > limit ? states.at(-1) : undefined;
  return { states, cursor: last ? encodeCursor([sort, order, sessionView(last)[sort], last.id]) : null };
}

function continueAfter(cursor: string, order: ListSessions['order']) {
  const [, cursorOrder, value, id] = decodeSessionCursor(cursor);
  if (cursorOrder !== order) throw invalidCursor('cursor');
  return { value, id };
}
