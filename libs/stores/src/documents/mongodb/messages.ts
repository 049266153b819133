import type { MessageHead, Owner, PartState } from '@opensync/contracts';
import pMap from 'p-map';
import { beginningOf, ownExcerpt, PARTS_OF_EXCERPT, stringBeginning, textBytes } from '../heads.ts';
import type { Collections } from './collections.ts';
import {
  byKeys,
  excerptPipeline,
  headsPipeline,
  messageKeysQuery,
  partsOfMessages,
  totalsPipeline,
  withMedia,
  type ExcerptRow,
  type HeadRow,
  type TotalsRow,
} from './queries.ts';
import { messageHead, messageState, partState } from './rows.ts';
import type { MessageKey, MessageQuery, MessageSummary, Revised, WholeMessages } from '../port.ts';

/** Each needs a separate request if a message has no text. */
const EXCERPTS_AT_ONCE = 16;

/** More of them would be the same blob sent repeatedly. */
const MOST_REFERRING = 100;

const NO_PARTS = { version: 0, lastSequence: 0, bytes: 0 };

/** Reads of messages: heads without bodies, and bodies for callers that know their size. */
export class MongoMessages {
  readonly #collections: Collections;

  constructor(collections: Collections) {
    this.#collections = collections;
  }

  async keys(owner: Owner, sessionId: string, query: MessageQuery): Promise<MessageKey[]> {
    const { filter, sort, limit } = messageKeysQuery(owner, sessionId, query);
    const projection = { _id: 0, id: 1, createdAt: 1, sequence: 1 };
    return this.#collections.messages.find(filter, { sort, limit }).project<MessageKey>(projection).toArray();
  }

  /** In the order of `ids`. */
  async heads(owner: Owner, ids: readonly string[]): Promise<ReadonlyMap<string, Revised<MessageHead>>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#collections.messages.aggregate<HeadRow>(headsPipeline(owner, ids)).toArray();
    const stored = new Map(rows.map((row) => [row.id, { ...messageHead(owner, row), revision: row.revision }]));
    return inOrder(ids, stored);
  }

  async summaries(owner: Owner, ids: readonly string[]): Promise<ReadonlyMap<string, MessageSummary>> {
    if (ids.length === 0) return new Map();
    const [heads, rows] = await Promise.all([
      this.heads(owner, ids),
      this.#collections.parts.aggregate<TotalsRow>(totalsPipeline(owner, ids)).toArray(),
    ]);
    const totals = new Map(rows.map(({ _id, ...ofMessage }) => [_id, ofMessage]));
    return new Map(
      [...heads].map(([id, { revision: _revision, ...message }]) => {
        const { bytes, ...parts } = totals.get(id) ?? NO_PARTS;
        return [id, { message, parts, bytes: textBytes(message) + bytes }];
      }),
    );
  }

  async whole(owner: Owner, ids: readonly string[], maxBytes: number): Promise<WholeMessages> {
    const [fitting, rest] = withinBytes(ids, await this.summaries(owner, ids), maxBytes);
    if (fitting.length === 0) return { messages: [], rest };
    // Sequentially. A part that arrives meanwhile is newer than its message according to its sequence.
    const documents = await this.#collections.messages.find(byKeys(owner, fitting)).toArray();
    const parts = await this.#parts(owner, fitting);
    const stored = new Map(documents.map((document) => [document.id, messageState(owner, document)]));
    const messages = [...inOrder(fitting, stored)].map(([id, message]) => ({ message, parts: parts.get(id) ?? [] }));
    return { messages, rest };
  }

  async withMedia(owner: Owner, sessionId: string, sha256: string): Promise<string[]> {
    const options = { sort: { sequence: -1 }, limit: MOST_REFERRING } as const;
    const [parts, messages] = await Promise.all([
      this.#collections.parts
        .find(withMedia(owner, sessionId, 'media', sha256), options)
        .project<{ messageId: string; sequence: number }>({ messageId: 1, sequence: 1 })
        .toArray(),
      this.#collections.messages
        .find(withMedia(owner, sessionId, 'fields.media', sha256), options)
        .project<{ id: string; sequence: number }>({ id: 1, sequence: 1 })
        .toArray(),
    ]);
    const found = [...messages, ...parts.map(({ messageId, sequence }) => ({ id: messageId, sequence }))];
    const ids = found.sort((a, b) => b.sequence - a.sequence).map(({ id }) => id);
    return [...new Set(ids)].slice(0, MOST_REFERRING);
  }

  async excerpts(owner: Owner, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const heads = [...(await this.heads(owner, ids)).values()];
    const excerptOf = async (head: MessageHead) => [head.id, await this.#excerpt(owner, head)] as const;
    const excerpts = await pMap(heads, excerptOf, { concurrency: EXCERPTS_AT_ONCE });
    return new Map(excerpts.filter(([, excerpt]) => excerpt !== ''));
  }

  async #excerpt(owner: Owner, head: MessageHead): Promise<string> {
    const own = ownExcerpt(head);
    if (own !== '') return own;
    const pipeline = excerptPipeline(owner, head, PARTS_OF_EXCERPT);
    const parts = await this.#collections.parts.aggregate<ExcerptRow>(pipeline).toArray();
    return beginningOf(parts.map(({ contentRef, json }) => contentRef?.preview ?? stringBeginning(json)).join('\n'));
  }

  /** By message id, each message's parts in order. */
  async #parts(owner: Owner, messageIds: readonly string[]): Promise<ReadonlyMap<string, PartState[]>> {
    const parts = new Map<string, PartState[]>();
    for await (const document of this.#collections.parts.find(partsOfMessages(owner, messageIds))) {
      const part = partState(owner, document);
      const siblings = parts.get(part.messageId);
      if (siblings) siblings.push(part);
      else parts.set(part.messageId, [part]);
    }
    for (const siblings of parts.values()) siblings.sort((a, b) => a.order - b.order);
    return parts;
  }
}

function inOrder<Found>(ids: readonly string[], found: ReadonlyMap<string, Found>): Map<string, Found> {
  return new Map(ids.flatMap((id) => (found.has(id) ? [[id, found.get(id)!] as const] : [])));
}

/** The ids of messages that fit into this many bytes, at least one message; and the remaining ids. */
function withinBytes(
  ids: readonly string[],
  summaries: ReadonlyMap<string, MessageSummary>,
  maxBytes: number,
): [fitting: readonly string[], rest: readonly string[]] {
  let bytes = 0;
  let messages = 0;
  for (const [at, id] of ids.entries()) {
    const summary = summaries.get(id);
    if (!summary) continue;
    bytes += summary.bytes;
    if (messages++ > 0 && bytes > maxBytes) return [ids.slice(0, at), ids.slice(at)];
  }
  return [ids, []];
}
