// What the database thread found, as outlines.
import {
  isOutlinedPart,
  messageOutline,
  recognizedMessage,
  unpackMessageOutline,
  type Owner,
  type PartOutline,
} from '@opensync/contracts';
import type { MessageOutline, PackedOutline } from '@opensync/contracts';
import { outlinedMessage, type StoredToolPart } from '../outlines.ts';
import type { OutlinedMessage, OutlinedMessages, OutlinedPart } from '../port.ts';
import type { FoundOutlines, OutlineColumns, OutlineRow, PartColumns, ToolPartRow } from './outlines.ts';
import { readHead } from './rows.ts';

export function outlinedMessages(owner: Owner, found: FoundOutlines): OutlinedMessages {
  const { isLast } = found;
  if ('columns' in found) return { messages: fromColumns(found.columns), isLast };
  const rows = JSON.parse(`[${found.rows}]`) as OutlineRow[];
  const messages = rows.map(([id, createdAt, sequence, outline, parts]) =>
    outlinedMessage({ id, createdAt, sequence }, outlineIn(owner, outline), parts),
  );
  return { messages, isLast };
}

function fromColumns({ ids, createdAt, sequences, outlines, parts }: OutlineColumns): OutlinedMessage[] {
  const times = JSON.parse(createdAt) as number[];
  const firsts = JSON.parse(sequences) as number[];
  const packed = JSON.parse(outlines) as PackedOutline[];
  const partsOf = partsByMessage(parts);
  return (JSON.parse(ids) as string[]).map((id, at) => {
    const outline = unpackMessageOutline(packed[at]!);
    return { id, createdAt: times[at]!, sequence: firsts[at]!, outline, parts: partsOf(id, outline) };
  });
}

/** The current parts of a message. Without a list of all parts for each: to make these cost as much as to read them. */
function partsByMessage({ messageIds, places, sequences, types, facts }: PartColumns) {
  const ofMessage = JSON.parse(messageIds) as string[];
  const orders = JSON.parse(places) as number[];
  const written = JSON.parse(sequences) as number[];
  const typeOf = JSON.parse(types) as string[];
  const known = JSON.parse(facts) as (PartOutline | null)[];
  const firstOf = new Map<string, number>();
  for (const [at, id] of ofMessage.entries()) if (id !== ofMessage[at - 1]) firstOf.set(id, at);
  return (messageId: string, outline: MessageOutline): OutlinedPart[] => {
    const current: OutlinedPart[] = [];
    for (let at = firstOf.get(messageId) ?? ofMessage.length; ofMessage[at] === messageId; at++) {
      const part = { order: orders[at]!, type: typeOf[at]! };
      const outlined = known[at];
      if (!isOutlinedPart(outline, { order: part.order, sequence: written[at]! })) continue;
      current.push(outlined ? { ...part, facts: outlined } : part);
    }
    return current;
  };
}

function outlineIn(owner: Owner, stored: OutlineRow[3]): MessageOutline {
  if (!('id' in stored)) return unpackMessageOutline(stored);
  return messageOutline(recognizedMessage({ ...stored, owner }));
}

export function storedToolPart(owner: Owner, row: ToolPartRow): StoredToolPart {
  const [callId, messageId, order, partSequence, type, facts, createdAt, sequence, outline, state] = row;
  const place = { createdAt, sequence };
  return {
    callId,
    messageId,
    order,
    partSequence,
    type,
    facts,
    ...place,
    outline: outline ?? messageOutline(readHead(owner, state!)),
  };
}
