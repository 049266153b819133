import { withoutNulls } from '@opensync/contracts';
import { LONGEST_QUERY } from '@opensync/stores';
import { z } from 'zod';
import { inQuery, limitOf, onlyFields, searchFilterFields } from '../input.ts';
import { choiceOf, countBetween, optionalText, requiredText } from '../parameters.ts';
import { filtersInBody } from '../search/search-request.ts';

const query = requiredText(LONGEST_QUERY, 'What the context is for: a question, a prompt, an error');
const limit = limitOf(50, 10, 'Maximum number of sessions');
const format = choiceOf(
  ['text', 'json', 'messages'],
  'text',
  'Text for a prompt, passages with their citations, or messages for a model',
);
const maxTokens = countBetween(256, 32_000, 4_000, 'Maximum number of tokens, counted with `o200k_base`');
const excludeSession = optionalText(
  512,
  'A session that the caller has before it, such as its own: the id of OpenSync or of its plugin',
);

/** Body of `POST /api/context`. Null means absent, and so does an empty filter. */
export const contextBodyFields = { query, limit, format, maxTokens, excludeSession, filters: filtersInBody };
export const contextBodySchema = z
  .preprocess(withoutNulls, onlyFields(contextBodyFields))
  .transform((request) => ({ ...request, query: request.query.trim() }));
export type ContextRequest = z.infer<typeof contextBodySchema>;

/** Query string of `GET /api/context`: `q` for the query, the filters beside it. */
export const contextQueryFields = {
  q: query,
  limit: inQuery(limit),
  format,
  maxTokens: inQuery(maxTokens),
  excludeSession,
  ...searchFilterFields,
};
export const contextQuerySchema = onlyFields(contextQueryFields).transform(
  ({ q, limit, format, maxTokens, excludeSession, ...filters }): ContextRequest => ({
    ...{ query: q.trim(), limit, format, maxTokens, filters },
    ...(excludeSession !== undefined && { excludeSession }),
  }),
);
