import { firstSequenceOfRow, headingVersion, messageRowVersion } from '@opensync/contracts';
import { ByteBudget } from '@opensync/platform';
import type { RefusedDocument, SearchStore } from '@opensync/stores';
import type { DocumentIndex } from './document-index.ts';
import { headingOf } from './heading.ts';
import { BUDGET_BYTES } from './message-pages.ts';
import type { TextReader } from '@opensync/event-log/payloads';
import { messageTexts } from './message-texts.ts';

/** The full-text index of messages (whole) and sessions (by heading). */
export function searchIndex(search: SearchStore, payloads: TextReader): DocumentIndex {
  return {
    budget: new ByteBudget({ limit: BUDGET_BYTES }),
    indexed: (owner, ids) => search.indexed(owner, ids),
    remove: (owner, sessionIds) => search.remove(owner, sessionIds),

    writeSessions: (owner, sessions) =>
      search.index(
        owner,
        sessions.map((session) => ({
          id: session.id,
          sessionId: session.id,
          version: headingVersion(session),
          headingVersion: headingVersion(session),
          firstSequence: session.span.firstSequence,
          text: '',
          toolText: '',
          ...headingOf(session),
        })),
      ),

    async writeMessages(owner, of) {
      const refused: RefusedDocument[] = [];
      for await (const group of messageTexts(of, payloads, refused)) {
        const documents = group.map(({ session, message, text, toolText, ownLabels }) => ({
          id: message.message.id,
          sessionId: session.id,
          messageId: message.message.id,
          version: messageRowVersion(message, session),
          headingVersion: headingVersion(session),
          firstSequence: firstSequenceOfRow(message, session),
          text,
          toolText,
          ownLabels,
          ...headingOf(session),
        }));
        refused.push(...(await search.index(owner, documents)));
      }
      return refused;
    },
  };
}
