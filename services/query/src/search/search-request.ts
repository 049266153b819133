import { withoutNulls } from '@opensync/contracts';
import { FACETS, LONGEST_QUERY, MESSAGE_FACETS, type FacetName } from '@opensync/stores';
import { z } from 'zod';
import { inQuery, limitOf, onlyFields, searchFilterFields } from '../input.ts';
import { choiceOf, optionalText, requiredText, severalOf } from '../parameters.ts';

const query = requiredText(LONGEST_QUERY, 'What to search for');
const type = choiceOf(['fulltext', 'semantic', 'hybrid'], 'fulltext', 'Search by keyword, by meaning, or both');
const level = choiceOf(['session', 'message'], 'session', 'What a result is: a session, or each message by itself');
const limit = limitOf(100, 20);
const cursor = optionalText(8_000, 'The `cursor` of the previous page');
const facets = severalOf(
  Object.keys(FACETS) as [FacetName, ...FacetName[]],
  'Count the values of these among all that is found; `role` and `tool` in a search by message',
);

/** In a body; an empty filter counts as absent. */
export const filtersInBody = z.preprocess(withoutUnset, onlyFields(searchFilterFields)).default({});

/** Body of `POST /search`. Null means absent, and so does an empty filter. */
export const searchBodyFields = { query, type, level, limit, cursor, facets, filters: filtersInBody };
export const searchBodySchema = z
  .preprocess(withoutNulls, onlyFields(searchBodyFields))
  .transform((request) => ({ ...request, query: request.query.trim() }))
  .superRefine(checkFacets);
export type SearchRequest = z.infer<typeof searchBodySchema>;

/** Query string of `GET /api/search`: `q` for the query, the filters beside it. */
export const searchQueryFields = {
  q: query,
  type,
  level,
  limit: inQuery(limit),
  cursor,
  facets,
  ...searchFilterFields,
};
export const searchQuerySchema = onlyFields(searchQueryFields)
  .transform(({ q, type, level, limit, cursor, facets, ...filters }): SearchRequest => ({
    ...{ query: q.trim(), type, level, limit, filters },
    ...(cursor !== undefined && { cursor }),
    ...(facets !== undefined && { facets }),
  }))
  .superRefine(checkFacets);

function checkFacets(
  { facets = [], type, level }: { facets?: readonly FacetName[] | undefined; type: string; level: string },
  context: z.RefinementCtx,
): void {
  const reject = (message: string) => context.addIssue({ code: 'custom', path: ['facets'], message });
  // By meaning, everything is more or less near: there is no set to count.
  if (facets.length > 0 && type === 'semantic') reject('need a search by words: the type fulltext or hybrid');
  const ofMessages = facets.filter((name) => MESSAGE_FACETS.includes(name));
  if (ofMessages.length > 0 && level === 'session') reject(`${ofMessages.join(', ')} need the level message`);
}

function withoutUnset(given: unknown): unknown {
  const present = withoutNulls(given);
  if (typeof present !== 'object' || present === null || Array.isArray(present)) return present;
  return Object.fromEntries(Object.entries(present).filter(([, value]) => value !== ''));
}
