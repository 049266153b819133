import { headingVersion, messageRowVersion } from '@opensync/contracts';
import type { SearchDocument, SearchStore } from '@opensync/stores';
import type { DocumentIndex } from './changed-documents.ts';
import { headingOf } from './heading.ts';
import { messageText, type PayloadReader } from './message-text.ts';

/** The full-text index of messages (whole) and sessions (by heading). */
export function searchIndex(search: SearchStore, payloads: PayloadReader): DocumentIndex {
  return {
    headings: (owner, sessionIds) => search.indexed(owner, sessionIds),

    writeSessions: (owner, sessions) =>
      search.index(
        owner,
        sessions.map((session) => ({
          id: session.id,
          sessionId: session.id,
          version: headingVersion(session),
          text: '',
          toolText: '',
          ...headingOf(session),
        })),
      ),

    async writeMessages(owner, of) {
      const documents: SearchDocument[] = [];
      for (const { session, messages } of of) {
        const heading = headingOf(session);
        for (const message of messages) {
          documents.push({
            id: message.message.id,
            sessionId: session.id,
            messageId: message.message.id,
            version: messageRowVersion(message, session),
            ...(await messageText(message, payloads)),
            ...heading,
          });
        }
      }
      await search.index(owner, documents);
    },
  };
}
