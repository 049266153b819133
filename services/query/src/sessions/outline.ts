import { ownerKey, PART_TYPES, type Owner, type Places, type Reader } from '@opensync/contracts';
import type { OutlinedMessage } from '@opensync/stores';
import type { z } from 'zod';
import { inQuery, limitOf, onlyFields } from '../input.ts';
import { optionalText } from '../parameters.ts';
import type { QueryResources } from '../resources.ts';
import { invalidCursor } from './cursors.ts';

/** Query string of `GET /api/sessions/:id/outline`. */
export const outlineSchema = onlyFields({
  limit: inQuery(limitOf(10_000, 10_000, 'Maximum number of messages')),
  cursor: optionalText(512, 'The `cursor` of the previous page'),
});
export type OutlineRequest = z.infer<typeof outlineSchema>;

/** What a message mainly is: the first of these that it has. */
export const KINDS = ['prompt', 'text', 'tool-call', 'tool-result', 'reasoning', 'media', 'other', 'empty'] as const;
type Kind = (typeof KINDS)[number];

/** One array for each property, in the order of the session; the same index is the same message. */
export interface OutlineColumns {
  readonly id: string[];
  readonly position: string[];
  /** Index in `roles`. */
  readonly role: number[];
  /** Index in `kinds`. */
  readonly kind: number[];
  /** Indexes in `tools`, each tool once. */
  readonly tools: number[][];
  /** 1: a tool of the message failed. */
  readonly error: number[];
  readonly tokens: number[];
  readonly createdAt: number[];
  /** About how many lines of 80 characters it has. */
  readonly height: number[];
}

export interface Outline {
  readonly sessionId: string;
  readonly roles: readonly string[];
  readonly kinds: readonly Kind[];
  readonly tools: readonly string[];
  readonly columns: OutlineColumns;
  /** Null on the last page. */
  readonly cursor: string | null;
}

/** An answer ends with the read that takes it past this; most messages take a hundred characters. */
const ANSWER_CHARACTERS = 2 * 1024 * 1024;
/** Of a message, besides the numbers of its tools: id, position, and seven numbers. */
const MESSAGE_CHARACTERS = 110;
/** Different tools of one message; a longer list would not help a reader. */
const MOST_TOOLS = 32;

/**
 * Columns for the messages of a session, without their bodies.
 * @throws AppError INVALID_REQUEST for a cursor of another list, UNAVAILABLE if too many pages are under way
 */
export async function sessionOutline(
  { documents, pageTurns }: Pick<QueryResources, 'documents' | 'pageTurns'>,
  { caller, owner, sessionId, places }: { caller: Reader; owner: Owner; sessionId: string; places: Places },
  { limit, cursor }: OutlineRequest,
): Promise<Outline> {
  let after = cursor === undefined ? undefined : places.decode(cursor);
  if (cursor !== undefined && !after) throw invalidCursor('cursor');
  const endTurn = await pageTurns.acquire(ownerKey(caller), 1);
  try {
    const columns = new Columns();
    for (;;) {
      const query = { limit: limit - columns.length, ...(after && { after }) };
      const { messages, isLast } = await documents.messageOutlines(owner, sessionId, query);
      columns.add(messages, places);
      after = messages.at(-1) ?? after;
      if (isLast) return columns.outline(sessionId, null);
      if (columns.length < limit && columns.characters < ANSWER_CHARACTERS) continue;
      return columns.outline(sessionId, columns.lastPosition);
    }
  } finally {
    endTurn();
  }
}

class Columns {
  readonly #roles = new Names();
  readonly #tools = new Names();
  readonly #columns: OutlineColumns = {
    id: [],
    position: [],
    role: [],
    kind: [],
    tools: [],
    error: [],
    tokens: [],
    createdAt: [],
    height: [],
  };
  #characters = 0;

  get length(): number {
    return this.#columns.id.length;
  }

  get characters(): number {
    return this.#characters + this.#roles.characters + this.#tools.characters;
  }

  get lastPosition(): string {
    return this.#columns.position.at(-1)!;
  }

  add(messages: readonly OutlinedMessage[], places: Places): void {
    const columns = this.#columns;
    columns.position.push(...places.encode(messages));
    for (const message of messages) {
      const tools = toolsOf(message).map((name) => this.#tools.indexOf(name));
      columns.id.push(message.id);
      columns.role.push(this.#roles.indexOf(message.outline.role));
      columns.kind.push(kindOf(message));
      columns.tools.push(tools);
      columns.error.push(message.parts.some(({ facts }) => facts?.isError) ? 1 : 0);
      columns.tokens.push(message.outline.tokens);
      columns.createdAt.push(message.createdAt);
      columns.height.push(heightOf(message));
      this.#characters += MESSAGE_CHARACTERS + tools.length * 6;
    }
  }

  outline(sessionId: string, cursor: string | null): Outline {
    const [roles, tools] = [this.#roles.all, this.#tools.all];
    return { sessionId, roles, kinds: KINDS, tools, columns: this.#columns, cursor };
  }
}

/** Names that are repeated, each once. */
class Names {
  readonly #indexes = new Map<string, number>();
  characters = 0;

  get all(): string[] {
    return [...this.#indexes.keys()];
  }

  indexOf(name: string): number {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    const index = this.#indexes.size;
    this.#indexes.set(name, index);
    this.characters += name.length;
    return index;
  }
}

function toolsOf({ parts }: OutlinedMessage): string[] {
  const names: string[] = [];
  for (const { facts } of parts) {
    const name = facts?.toolName;
    if (name !== undefined && names.length < MOST_TOOLS && !names.includes(name)) names.push(name);
  }
  return names;
}

const KIND_OF_PART: ReadonlyMap<string, Kind> = new Map(PART_TYPES.map((type) => [type, type]));

/** Index in `KINDS`: the first one that the message has. */
function kindOf({ outline, parts }: OutlinedMessage): number {
  if (outline.isPrompt) return KINDS.indexOf('prompt');
  let first = KINDS.indexOf(outline.lines > 0 ? 'text' : 'empty');
  for (const { type, facts } of parts) {
    // A text part without words says nothing.
    if (type === 'text' && facts?.lines === 0) continue;
    first = Math.min(first, KINDS.indexOf(KIND_OF_PART.get(type) ?? 'other'));
  }
  return first;
}

/** The message's own text repeats that of its text parts. */
function heightOf({ outline, parts }: OutlinedMessage): number {
  let texts = 0;
  let others = 0;
  for (const { type, facts } of parts) {
    if (type === 'text') texts += facts?.lines ?? 1;
    else others += facts?.lines ?? 1;
  }
  return Math.max(outline.lines, texts) + others;
}
