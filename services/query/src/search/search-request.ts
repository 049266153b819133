import { withoutNulls } from '@opensync/contracts';
import { z } from 'zod';
import { inQuery, limitOf, onlyFields, sessionFilterFields } from '../input.ts';

const query = z.string('Required: what to search for').trim().min(1, 'Required: what to search for').max(4_096);
// What OpenSync's API does where a client does not say.
const type = z.enum(['fulltext', 'semantic', 'hybrid']).default('fulltext');
const limit = limitOf(100, 20);

/** Body of `POST /search`. Other fields are ignored, but for those of `filters`; null means absent. */
export const searchBodySchema = z.preprocess(
  withoutNulls,
  z.object({ query, type, limit, filters: z.preprocess(withoutNulls, onlyFields(sessionFilterFields)).default({}) }),
);
export type SearchRequest = z.infer<typeof searchBodySchema>;

/** Query string of `GET /api/search`: `q` for the query, the filters beside it. */
export const searchQuerySchema = onlyFields({
  q: query,
  type,
  limit: inQuery(limit),
  ...sessionFilterFields,
}).transform(({ q, type, limit, ...filters }): SearchRequest => ({ query: q, type, limit, filters }));

/**
 * The words that a query's meaning is taken from: without `-not` terms, which would draw results towards what
 * they exclude, and without quotes.
 */
export function wordsToEmbed(text: string): string {
  const wanted = text
    .replace(/(^|\s)-(?=[^\s-])(?:"[^"]*"?|\S+)/g, '$1')
    .replaceAll('"', ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return wanted === '' ? text : wanted;
}
