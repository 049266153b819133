import { withoutTokens, type SessionView } from '@opensync/contracts';
import { snippet, type ParsedQuery } from '@opensync/stores';

/** Of a query as long as a stack trace not every word is marked. */
const MOST_MARKED = 64;

/** The beginning of a message that was found by its meaning, with the query's words marked if it has them. */
export function excerptSnippet(excerpt: string | undefined, query: ParsedQuery): string | undefined {
  return excerpt === undefined ? undefined : snippet([withoutTokens(excerpt)], query.all.slice(0, MOST_MARKED));
}

export function titleSnippet({ title, projectName }: SessionView, query: ParsedQuery): string {
  return snippet([title ?? projectName ?? ''], query.all.slice(0, MOST_MARKED));
}
