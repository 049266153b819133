import type { Owner, Place, Places, Reader } from '@opensync/contracts';
import { LONGEST_QUERY, markedHtml, monotonicMs, parseQuery, type TextRange } from '@opensync/stores';
import type { z } from 'zod';
import { inQuery, limitOf, onlyFields } from '../input.ts';
import { optionalText, requiredText } from '../parameters.ts';
import type { QueryResources } from '../resources.ts';
import { invalidCursor } from './cursors.ts';
import { placeOfMessage } from './page-range.ts';

/** Query string of `GET /api/sessions/:id/search`. */
export const searchSessionSchema = onlyFields({
  q: requiredText(LONGEST_QUERY, 'What to search for'),
  limit: inQuery(limitOf(200, 50, 'Maximum number of messages')),
  cursor: optionalText(512, 'The `cursor` of the previous page'),
});
export type SearchSession = z.infer<typeof searchSessionSchema>;

export interface FoundMessage {
  readonly messageId: string;
  readonly position: string;
  readonly role: string;
  readonly createdAt: number;
  /** HTML: hits in `<mark>`, the rest escaped. */
  readonly snippet: string;
  readonly snippetText: string;
  readonly highlights: readonly TextRange[];
}

export interface SearchSessionAnswer {
  readonly sessionId: string;
  readonly results: readonly FoundMessage[];
  /** How many messages match. */
  readonly count: number;
  /** The count is this high or higher: later matches are not found. */
  readonly countIsCapped?: true;
  readonly excluded?: readonly string[];
  readonly degraded?: readonly ['fulltext'];
  readonly cursor: string | null;
}

/** Messages that are found, and counted, at most. */
const MOST_FOUND = 10_000;
/** Up to this many are looked up one by one; beyond, the session is read in order until a page is full. */
const MOST_LOOKED_UP = 500;
const KEYS_PER_READ = 1_000;
const SEARCH_MS = 2_000;

type Resources = Pick<QueryResources, 'documents' | 'search' | 'searchTurns' | 'partial'>;

/**
 * The messages of a session that match, in the order of the session.
 * @throws AppError INVALID_REQUEST for a cursor of another list, UNAVAILABLE if too many searches are under way
 */
export async function searchSession(
  resources: Resources,
  { caller, owner, sessionId, places }: { caller: Reader; owner: Owner; sessionId: string; places: Places },
  { q, limit, cursor }: SearchSession,
): Promise<SearchSessionAnswer> {
  const after = cursor === undefined ? undefined : places.decode(cursor);
  if (cursor !== undefined && !after) throw invalidCursor('cursor');
  const { documents, search, searchTurns } = resources;
  const parsed = parseQuery(q);
  let count = 0;
  let page: readonly Found[] = [];
  const excerpts = await searchTurns.search.take(caller, () => {
    const query = { sessionId, parsed, limit: MOST_FOUND, until: monotonicMs() + SEARCH_MS };
    return search.searchSession(owner, query, async (ids) => {
      count = ids.length;
      page = await inOrder(documents, owner, sessionId, { ids, after, limit: limit + 1 });
      return page.slice(0, limit).map(({ id }) => id);
    });
  });
  const byId = new Map(excerpts.map(({ messageId, excerpt }) => [messageId, excerpt]));
  const shown = page.slice(0, limit);
  const positions = places.encode(shown.map(({ place }) => place));
  const heads = await documents.messageSummaries(owner, [...byId.keys()]);
  const results = shown.flatMap(({ id }, at): FoundMessage[] => {
    const excerpt = byId.get(id);
    const message = heads.get(id)?.message;
    if (!excerpt || !message) return [];
    return [
      {
        messageId: id,
        position: positions[at]!,
        role: message.fields.role ?? 'unknown',
        createdAt: placeOfMessage(message).createdAt,
        snippet: markedHtml(excerpt),
        snippetText: excerpt.text,
        highlights: excerpt.highlights,
      },
    ];
  });
  return {
    sessionId,
    results,
    count,
    ...(count === MOST_FOUND && { countIsCapped: true as const }),
    ...(parsed.none.length > 0 && { excluded: parsed.none.map(({ text }) => text) }),
    ...(resources.partial().includes('search') && { degraded: ['fulltext'] as const }),
    cursor: page.length > limit ? positions.at(-1)! : null,
  };
}

interface Found {
  readonly id: string;
  readonly place: Place;
}

/** The first `limit` of these messages after a place. The index does not know the order of a session. */
async function inOrder(
  documents: Resources['documents'],
  owner: Owner,
  sessionId: string,
  { ids, after, limit }: { ids: readonly string[]; after: Place | undefined; limit: number },
): Promise<Found[]> {
  if (ids.length <= MOST_LOOKED_UP) {
    const heads = [...(await documents.messageSummaries(owner, ids)).values()];
    return heads
      .filter(({ message }) => message.sessionId === sessionId)
      .map(({ message }): Found => ({ id: message.id, place: placeOfMessage(message) }))
      .sort((a, b) => compare(a.place, b.place))
      .filter(({ place }) => !after || compare(place, after) > 0)
      .slice(0, limit);
  }
  const wanted = new Set(ids);
  const found: Found[] = [];
  for (let last = after; ;) {
    const query = { limit: KEYS_PER_READ, ...(last && { after: last }) };
    const keys = await documents.messageKeys(owner, sessionId, query);
    for (const { id, ...place } of keys) if (wanted.has(id)) found.push({ id, place });
    if (found.length >= limit || keys.length < KEYS_PER_READ) return found.slice(0, limit);
    last = keys.at(-1);
  }
}

function compare(one: Place, other: Place): number {
  return one.createdAt - other.createdAt || one.sequence - other.sequence;
}
