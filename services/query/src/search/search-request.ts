import { withoutNulls } from '@opensync/contracts';
import { LONGEST_QUERY } from '@opensync/stores';
import { z } from 'zod';
import { inQuery, limitOf, onlyFields, searchFilterFields } from '../input.ts';
import { choiceOf, optionalText, requiredText } from '../parameters.ts';

const query = requiredText(LONGEST_QUERY, 'What to search for');
const type = choiceOf(['fulltext', 'semantic', 'hybrid'], 'fulltext', 'Search by keyword, by meaning, or both');
const level = choiceOf(['session', 'message'], 'session', 'What a result is: a session, or each message by itself');
const limit = limitOf(100, 20);
const cursor = optionalText(8_000, 'The `cursor` of the previous page');

/** In a body; an empty filter counts as absent. */
export const filtersInBody = z.preprocess(withoutUnset, onlyFields(searchFilterFields)).default({});

/** Body of `POST /search`. Null means absent, and so does an empty filter. */
export const searchBodyFields = { query, type, level, limit, cursor, filters: filtersInBody };
export const searchBodySchema = z
  .preprocess(withoutNulls, onlyFields(searchBodyFields))
  .transform((request) => ({ ...request, query: request.query.trim() }));
export type SearchRequest = z.infer<typeof searchBodySchema>;

/** Query string of `GET /api/search`: `q` for the query, the filters beside it. */
export const searchQueryFields = { q: query, type, level, limit: inQuery(limit), cursor, ...searchFilterFields };
export const searchQuerySchema = onlyFields(searchQueryFields).transform(
  ({ q, type, level, limit, cursor, ...filters }): SearchRequest => ({
    ...{ query: q.trim(), type, level, limit, filters },
    ...(cursor !== undefined && { cursor }),
  }),
);

function withoutUnset(given: unknown): unknown {
  const present = withoutNulls(given);
  if (typeof present !== 'object' || present === null || Array.isArray(present)) return present;
  return Object.fromEntries(Object.entries(present).filter(([, value]) => value !== ''));
}
