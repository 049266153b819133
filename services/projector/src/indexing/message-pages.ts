import type { Owner } from '@opensync/contracts';
import type { DocumentStore, MessageKey, WholeMessage } from '@opensync/stores';

/** What is handed on at once, whichever is reached first: messages may be many, or large. One that is larger goes alone. */
export const PAGE_MESSAGES = 200;
export const PAGE_BYTES = 4 * 1024 * 1024;
/** Keys are small. */
const KEYS_PER_READ = 2000;

type KeyReader = Pick<DocumentStore, 'messageKeys'>;

/** The ids of a session's messages in their order, many at a time. */
export async function* messageIds(
  documents: KeyReader,
  owner: Owner,
  sessionId: string,
): AsyncGenerator<readonly string[]> {
  for (let after: MessageKey | undefined; ;) {
    const keys = await documents.messageKeys(owner, sessionId, { limit: KEYS_PER_READ, ...(after && { after }) });
    if (keys.length > 0) yield keys.map(({ id }) => id);
    if (keys.length < KEYS_PER_READ) return;
    after = keys[keys.length - 1];
  }
}

/** A session's messages in their order, in pages. */
export async function* messagePages(
  documents: KeyReader & Pick<DocumentStore, 'wholeMessages'>,
  owner: Owner,
  sessionId: string,
): AsyncGenerator<readonly WholeMessage[]> {
  for await (const ids of messageIds(documents, owner, sessionId)) yield* messagePagesOf(documents, owner, ids);
}

/** The messages with these ids, in pages. Parts that came before their message are left out: it will bring them along. */
export async function* messagePagesOf(
  documents: Pick<DocumentStore, 'wholeMessages'>,
  owner: Owner,
  ids: readonly string[],
): AsyncGenerator<readonly WholeMessage[]> {
  for (let at = 0; at < ids.length; at += PAGE_MESSAGES) {
    for (let open = ids.slice(at, at + PAGE_MESSAGES); open.length > 0;) {
      const { messages, rest } = await documents.wholeMessages(owner, open, PAGE_BYTES);
      if (messages.length > 0) yield messages;
      open = [...rest];
    }
  }
}
