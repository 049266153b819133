import type { SessionView } from '@opensync/contracts';
import { snippet, type ParsedQuery } from '@opensync/stores';

/** The beginning of a message that was found by its meaning, with the query's words marked where it has them. */
export function excerptSnippet(excerpt: string | undefined, query: ParsedQuery): string | undefined {
  return excerpt === undefined ? undefined : snippet([excerpt], query);
}

export function titleSnippet({ title, projectName }: SessionView, query: ParsedQuery): string {
  return snippet([title ?? projectName ?? ''], query);
}
