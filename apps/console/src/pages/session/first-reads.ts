import type { Query } from '../../api/client.ts';

/** Messages that are read at once. */
export const AT_ONCE = 40;
/** Characters of a text that are read before somebody asks for all of it. */
export const PREVIEW = 6_000;
/** Rows that are read first: some screens in every density, and a fiftieth of the work of ten thousand. */
const FIRST_ROWS = 200;

/** What `GET /api/sessions/{id}` is asked at first: for the beginning, or what is around the message that a link leads to. */
export function openingQuery(target: string | undefined): Query {
  return { messageLimit: AT_ONCE, preview: PREVIEW, around: target };
}

/** What the outline is asked at first: for its beginning, if the reader begins there, too. A link may lead to any row. */
export function outlineQuery(target: string | undefined): Query {
  return { limit: target === undefined ? FIRST_ROWS : undefined };
}
