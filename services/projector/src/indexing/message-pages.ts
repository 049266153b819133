import type { MessageState, MessageWithParts, Owner } from '@opensync/contracts';
import type { DocumentStore } from '@opensync/stores';
import { charactersOf } from './message-text.ts';

export type StoredMessage = MessageWithParts & { readonly message: MessageState };

/** What is handed on at once, whichever is reached first: messages may be large or many. */
export const PAGE_MESSAGES = 200;
export const PAGE_CHARACTERS = 16 * 1024 * 1024;
/** Nobody knows how large a message is before it is loaded: each can have as much as a request brings, ten megabytes. */
const MESSAGES_PER_LOAD = 16;

/** A session's messages in their order, in pages. */
export function messagePages(
  documents: DocumentStore,
  owner: Owner,
  sessionId: string,
): AsyncGenerator<readonly StoredMessage[]> {
  return paged(loads());

  async function* loads() {
    let after: { createdAt: number; sequence: number } | undefined;
    for (;;) {
      const load = await documents.messages(owner, sessionId, { limit: MESSAGES_PER_LOAD, ...(after && { after }) });
      yield load;
      if (load.length < MESSAGES_PER_LOAD) return;
      const { fields, span } = load[load.length - 1]!.message;
      after = { createdAt: fields.createdAt ?? span.firstAt, sequence: span.firstSequence };
    }
  }
}

/** The messages with these ids, in pages. Parts that came before their message are left out: it will bring them along. */
export function messagePagesOf(
  documents: DocumentStore,
  owner: Owner,
  ids: readonly string[],
): AsyncGenerator<readonly StoredMessage[]> {
  return paged(loads());

  async function* loads() {
    for (let at = 0; at < ids.length; at += MESSAGES_PER_LOAD) {
      const { messages } = await documents.load(owner, { messages: ids.slice(at, at + MESSAGES_PER_LOAD) });
      yield [...messages.values()].flatMap(({ message, parts }) => (message ? [{ message, parts }] : []));
    }
  }
}

async function* paged(loads: AsyncIterable<readonly StoredMessage[]>): AsyncGenerator<readonly StoredMessage[]> {
  let page: StoredMessage[] = [];
  let characters = 0;
  for await (const load of loads) {
    for (const stored of load) {
      page.push(stored);
      characters += charactersOf(stored);
      if (page.length < PAGE_MESSAGES && characters < PAGE_CHARACTERS) continue;
      yield page;
      page = [];
      characters = 0;
    }
  }
  if (page.length > 0) yield page;
}
