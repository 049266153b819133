import { messageOutline, unpackMessageOutline, type MessageOutline, type Owner } from '@opensync/contracts';
import pMap from 'p-map';
import {
  currentToolParts,
  OUTLINE_CHARACTERS,
  outlinedMessage,
  TOOL_PARTS_PER_CALL,
  type PackedPart,
  type StoredToolPart,
} from '../outlines.ts';
import type { Collections, PartDocument } from './collections.ts';
import type { MongoMessages } from './messages.ts';
import { byKeys, messageKeysQuery, outlinedParts, partsOfCall } from './queries.ts';
import type { MessageKey, MessageQuery, OutlinedMessages, ToolPart } from '../port.ts';

/** Parts that are read at once, and their messages; at least those of one message. */
const PARTS_AT_ONCE = 5_000;
const MESSAGES_AT_ONCE = 500;
/** Messages of one answer: all of their keys are read first. */
const MESSAGES_PER_READ = 1_000;
const CALLS_AT_ONCE = 16;

type OutlinedKey = MessageKey & { readonly outline?: string };
type IndexedPart = Pick<PartDocument, 'messageId' | 'order' | 'sequence' | 'type' | 'facts' | 'retired'>;
type CallPart = Omit<IndexedPart, 'retired'>;

export const MESSAGE_FIELDS = { _id: 0, id: 1, createdAt: 1, sequence: 1, outline: 1 } as const;
export const PART_FIELDS = { _id: 0, messageId: 1, order: 1, sequence: 1, type: 1, facts: 1, retired: 1 } as const;
/** A part that is retired has no call id. */
export const CALL_FIELDS = { _id: 0, messageId: 1, order: 1, sequence: 1, type: 1, facts: 1 } as const;

/** Reads of outlines: the server answers them from its indexes. */
export class MongoOutlines {
  readonly #collections: Collections;
  readonly #messages: Pick<MongoMessages, 'heads'>;

  constructor(collections: Collections, messages: Pick<MongoMessages, 'heads'>) {
    this.#collections = collections;
    this.#messages = messages;
  }

  async messages(owner: Owner, sessionId: string, query: MessageQuery): Promise<OutlinedMessages> {
    const most = { ...query, limit: Math.min(query.limit, MESSAGES_PER_READ) };
    const { filter, sort, limit } = messageKeysQuery(owner, sessionId, most);
    const keys = await this.#collections.messages
      .find(filter, { sort, limit })
      .project<OutlinedKey>(MESSAGE_FIELDS)
      .toArray();
    const outlines = await this.#outlinesOf(owner, keys);
    const messages = [];
    let characters = 0;
    for (let at = 0; at < keys.length;) {
      const some = keys.slice(at, at + fitting(keys.slice(at, at + MESSAGES_AT_ONCE), outlines));
      at += some.length;
      const room = OUTLINE_CHARACTERS - characters;
      const read = await this.#parts(owner, sessionId, some, { room, least: messages.length === 0 ? 1 : 0 });
      characters += read.characters;
      for (const { outline: _outline, ...key } of some.slice(0, read.complete)) {
        messages.push(outlinedMessage(key, outlines.get(key.id)!, read.parts.get(key.id) ?? []));
      }
      if (read.complete < some.length) return { messages, isLast: false };
    }
    return { messages, isLast: keys.length < most.limit };
  }

  async toolParts(owner: Owner, sessionId: string, callIds: readonly string[]): Promise<ToolPart[]> {
    const found = await pMap(
      callIds,
      async (callId) => {
        const parts = this.#collections.parts.find(partsOfCall(owner, sessionId, callId), {
          limit: TOOL_PARTS_PER_CALL,
          sort: { messageId: 1, order: 1 },
        });
        const stored = await parts.project<CallPart>(CALL_FIELDS).toArray();
        return stored.map((part) => ({ ...part, callId }));
      },
      { concurrency: CALLS_AT_ONCE },
    );
    const parts = found.flat();
    const ids = [...new Set(parts.map(({ messageId }) => messageId))];
    const keys = await this.#collections.messages
      .find(byKeys(owner, ids))
      .project<OutlinedKey>(MESSAGE_FIELDS)
      .toArray();
    const outlines = await this.#outlinesOf(owner, keys);
    const byId = new Map(keys.map((key) => [key.id, key]));
    return currentToolParts(
      parts.flatMap(({ callId, messageId, order, sequence: partSequence, type, facts }): StoredToolPart[] => {
        const key = byId.get(messageId);
        if (!key || facts === undefined) return [];
        const { createdAt, sequence } = key;
        const outline = outlines.get(messageId)!;
        return [{ callId, messageId, order, type, facts, partSequence, createdAt, sequence, outline }];
      }),
    );
  }

  /** Of messages from before outlines from their heads. */
  async #outlinesOf(owner: Owner, keys: readonly OutlinedKey[]): Promise<Map<string, MessageOutline>> {
    const unknown = keys.filter(({ outline }) => outline === undefined).map(({ id }) => id);
    const heads = await this.#messages.heads(owner, unknown);
    return new Map(
      keys.map(({ id, outline }): [string, MessageOutline] => {
        if (outline !== undefined) return [id, unpackMessageOutline(outline)];
        const head = heads.get(id);
        return [id, head ? messageOutline(head) : EMPTY];
      }),
    );
  }

  /** Parts by message, and how many of the messages have all of theirs. */
  async #parts(
    owner: Owner,
    sessionId: string,
    keys: readonly OutlinedKey[],
    { room, least }: { room: number; least: number },
  ): Promise<{ parts: ReadonlyMap<string, PackedPart[]>; complete: number; characters: number }> {
    const places = new Map(keys.map(({ id }, at) => [id, at]));
    const parts = new Map<string, PackedPart[]>();
    const sizes = keys.map(({ outline }) => outline?.length ?? 0);
    const ids = keys.map(({ id }) => id);
    const found = this.#collections.parts.find(outlinedParts(owner, sessionId, ids)).project<IndexedPart>(PART_FIELDS);
    let complete = keys.length;
    for await (const { messageId, order, sequence, type, facts, retired } of found) {
      const at = places.get(messageId)!;
      if (retired || at >= complete) continue;
      sizes[at]! += (facts ?? '').length + type.length;
      const siblings = parts.get(messageId) ?? [];
      siblings.push([order, sequence, type, facts === undefined ? null : (JSON.parse(facts) as PackedPart[3])]);
      parts.set(messageId, siblings);
    }
    let characters = 0;
    complete = sizes.findIndex((size, at) => (characters += size) > room && at >= least);
    if (complete === -1) complete = keys.length;
    for (const siblings of parts.values()) siblings.sort(([one], [other]) => one - other);
    return { parts, complete, characters };
  }
}

/** How many of the messages have few enough parts together; at least one. */
function fitting(keys: readonly OutlinedKey[], outlines: ReadonlyMap<string, MessageOutline>): number {
  let parts = 0;
  const beyond = keys.findIndex(({ id }, at) => (parts += outlines.get(id)!.partCount) > PARTS_AT_ONCE && at > 0);
  return beyond === -1 ? keys.length : beyond;
}

/** Of a message that has gone meanwhile. */
const EMPTY: MessageOutline = { role: 'unknown', isPrompt: false, tokens: 0, lines: 0, partCount: 0, partsAfter: 0 };
