// What the database thread found, as outlines.
import {
  messageOutline,
  recognizedMessage,
  unpackMessageOutline,
  type Owner,
  type PartOutline,
} from '@opensync/contracts';
import type { MessageOutline, PackedOutline } from '@opensync/contracts';
import { outlinedMessage, type PackedPart, type StoredToolPart } from '../outlines.ts';
import type { OutlinedMessage, OutlinedMessages } from '../port.ts';
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
    const key = { id, createdAt: times[at]!, sequence: firsts[at]! };
    return outlinedMessage(key, unpackMessageOutline(packed[at]!), partsOf.get(id) ?? []);
  });
}

function partsByMessage({ messageIds, places, sequences, types, facts }: PartColumns): Map<string, PackedPart[]> {
  const orders = JSON.parse(places) as number[];
  const written = JSON.parse(sequences) as number[];
  const typeOf = JSON.parse(types) as string[];
  const known = JSON.parse(facts) as (PartOutline | null)[];
  const found = new Map<string, PackedPart[]>();
  let last: string | undefined;
  let parts: PackedPart[] = [];
  for (const [at, id] of (JSON.parse(messageIds) as string[]).entries()) {
    if (id !== last) found.set((last = id), (parts = []));
    parts.push([orders[at]!, written[at]!, typeOf[at]!, known[at]!]);
  }
  return found;
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
