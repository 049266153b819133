import { currentParts, isFailedPart, type MessageWords, type SessionState } from '@opensync/contracts';
import { isRetryable, reasonOf } from '@opensync/platform';
import { label, labelsText, WITH_ERRORS, type RefusedDocument, type WholeMessage } from '@opensync/stores';
import type { SessionMessages } from './document-index.ts';
import { PAGE_BYTES } from './message-pages.ts';
import { readWords, type TextReader } from '@opensync/event-log/payloads';

export interface TextOfMessage extends MessageWords {
  readonly session: SessionState;
  readonly message: WholeMessage;
  /** The role, the tools and whether one failed, for filters. */
  readonly ownLabels: string;
}

/**
 * Messages with their words, in groups that are written before more is fetched: content in the payload store may be
 * megabytes each, and memory holds one group and the store's copy of it.
 * @param refused receives those whose words can never be read
 */
export async function* messageTexts(
  of: readonly SessionMessages[],
  payloads: TextReader,
  refused: RefusedDocument[],
): AsyncGenerator<readonly TextOfMessage[]> {
  let group: TextOfMessage[] = [];
  let characters = 0;
  for (const { session, messages } of of) {
    for (const message of messages) {
      try {
        const { tools, ...words } = await readWords(message, payloads);
        const { role = 'unknown' } = message.message.fields;
        const hasErrors = currentParts(message).some(isFailedPart);
        const ownLabels = labelsText([
          label('role', role),
          ...tools.map((tool) => label('tool', tool)),
          ...(hasErrors ? [WITH_ERRORS] : []),
        ]);
        group.push({ session, message, ...words, ownLabels });
        characters += words.text.length + words.toolText.length + words.embedded.length;
      } catch (error) {
        if (isRetryable(error)) throw error;
        refused.push({ id: message.message.id, reason: reasonOf(error) });
      }
      if (characters < PAGE_BYTES) continue;
      yield group;
      group = [];
      characters = 0;
    }
  }
  if (group.length > 0) yield group;
}
