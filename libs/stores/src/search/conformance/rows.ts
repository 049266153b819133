import type { SearchDocument, SearchHit } from '../port.ts';
import { markedHtml } from '../snippet.ts';

let lastId = 0;

/** A message's row in a separate session, unless `sessionId` says otherwise. */
export function aDocument(given: Partial<SearchDocument>): SearchDocument {
  const id = `msg_${(lastId += 1)}`;
  return {
    id,
    sessionId: `ses_of_${id}`,
    messageId: given.id ?? id,
    version: 1,
    title: '',
    projectName: '',
    projectPath: '',
    text: '',
    toolText: '',
    source: 'claude-code',
    model: 'opus',
    createdAt: 1_000,
    visibility: 'private',
    ...given,
  };
}

/** A session's own row. */
export function aHeading(sessionId: string, given: Partial<SearchDocument>): SearchDocument {
  const { messageId: _, ...heading } = aDocument({ id: sessionId, sessionId, ...given });
  return heading;
}

/** The excerpt of a hit, with its highlights marked. */
export function snippetOf({ excerpt }: SearchHit): string {
  return markedHtml(excerpt);
}
