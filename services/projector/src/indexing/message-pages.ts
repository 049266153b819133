import { ownerKey, type Owner } from '@opensync/contracts';
import type { ByteBudget } from '@opensync/platform';
import type { DocumentStore, MessageKey, MessageSummary, WholeMessage } from '@opensync/stores';

/** Size of a page, whichever limit is reached first: messages may be many, or large. A larger one goes alone. */
export const PAGE_MESSAGES = 200;
export const PAGE_BYTES = 4 * 1024 * 1024;
/** Bytes of all pages on their way into one index. Their processing takes several times as much. */
export const BUDGET_BYTES = 8 * 1024 * 1024;
/** Keys are small. */
const KEYS_PER_READ = 2000;

type PageReader = Pick<DocumentStore, 'messageKeys' | 'messageSummaries' | 'wholeMessages'>;

/** The ids of a session's messages in order, in large pages. */
export async function* messageIds(
  documents: Pick<DocumentStore, 'messageKeys'>,
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

/** A session's messages in order, in pages. A page counts against the budget until the next one is requested. */
export async function* messagePages(
  documents: PageReader,
  owner: Owner,
  sessionId: string,
  budget: ByteBudget,
): AsyncGenerator<readonly WholeMessage[]> {
  for await (const ids of messageIds(documents, owner, sessionId)) {
    for (let at = 0; at < ids.length; at += PAGE_MESSAGES) {
      const summaries = await documents.messageSummaries(owner, ids.slice(at, at + PAGE_MESSAGES));
      yield* messagePagesOf(documents, owner, summaries, budget);
    }
  }
}

/** These messages, whose sizes are known, in pages; as above. */
export async function* messagePagesOf(
  documents: Pick<DocumentStore, 'wholeMessages'>,
  owner: Owner,
  summaries: ReadonlyMap<string, MessageSummary>,
  budget: ByteBudget,
): AsyncGenerator<readonly WholeMessage[]> {
  for (const { ids, bytes } of inPages(summaries)) {
    const release = await budget.acquire(ownerKey(owner), bytes);
    try {
      // Messages that grew since their size was read form the rest of a page.
      for (let open: readonly string[] = ids; open.length > 0;) {
        const { messages, rest } = await documents.wholeMessages(owner, open, Math.max(bytes, PAGE_BYTES));
        if (messages.length > 0) yield messages;
        open = rest;
      }
    } finally {
      release();
    }
  }
}

interface Page {
  readonly ids: string[];
  bytes: number;
}

function* inPages(summaries: ReadonlyMap<string, MessageSummary>): Generator<Page> {
  let page: Page = { ids: [], bytes: 0 };
  for (const [id, { bytes }] of summaries) {
    if (page.ids.length === PAGE_MESSAGES || (page.ids.length > 0 && page.bytes + bytes > PAGE_BYTES)) {
      yield page;
      page = { ids: [], bytes: 0 };
    }
    page.ids.push(id);
    page.bytes += bytes;
  }
  if (page.ids.length > 0) yield page;
}
