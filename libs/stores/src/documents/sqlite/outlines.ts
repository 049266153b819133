// Reads of outlines, on a database thread.
import type { MessageHead, Owner, PackedOutline } from '@opensync/contracts';
import { ownerNumber } from '../../sqlite/owners.ts';
import type { Connection } from '../../sqlite/serve.ts';
import { OUTLINE_CHARACTERS, TOOL_PARTS_PER_CALL, type PackedPart } from '../outlines.ts';
import type { MessageKey, MessageQuery } from '../port.ts';
import { keysetOf } from './messages.ts';

/** A row of {@link messageOutlines}: the outline of its message, or, of one from before outlines, its head. */
export type OutlineRow = readonly [
  id: string,
  createdAt: number,
  sequence: number,
  outline: PackedOutline | MessageHead,
  parts: readonly PackedPart[],
];

/**
 * The items of a JSON array of `OutlineRow`, fewer than the limit if there are no more or the rows are large. As one text: ten thousand
 * rows as objects cost ten times as much on their way to the other thread, and to parse one by one.
 */
export function messageOutlines(
  connection: Connection,
  { owner, sessionId, query }: { owner: Owner; sessionId: string; query: MessageQuery },
): { rows: string; isLast: boolean } {
  const { condition, order, values } = keysetOf(query);
  // The parts of a message are next to each other in the index, in order.
  const found = connection
    .statement(
      `SELECT '[' || json_quote(m.id) || ',' || m.created_at || ',' || m.sequence || ',' || coalesce(m.outline, m.state) || ',['
         || coalesce((SELECT group_concat(
            '[' || place || ',' || sequence || ',' || json_quote(type) || ',' || coalesce(facts, 'null') || ']', ',')
          FROM parts INDEXED BY parts_outline
          WHERE owner = m.owner AND session_id = m.session_id AND message_id = m.id AND retired = 0), '') || ']]' AS row
       FROM messages AS m INDEXED BY messages_of_session
       WHERE m.owner = ? AND m.session_id = ? ${condition} ORDER BY ${order} LIMIT ?`,
    )
    .iterate(ownerNumber(connection, owner), sessionId, ...values, query.limit);
  const rows: string[] = [];
  let characters = 0;
  for (const { row } of found as Iterable<unknown> as Iterable<{ row: string }>) {
    characters += row.length;
    if (characters > OUTLINE_CHARACTERS && rows.length > 0) return { rows: rows.join(','), isLast: false };
    rows.push(row);
  }
  return { rows: rows.join(','), isLast: rows.length < query.limit };
}

export interface ToolPartRow extends Omit<MessageKey, 'id'> {
  readonly callId: string;
  readonly messageId: string;
  readonly place: number;
  readonly partSequence: number;
  readonly type: string;
  readonly facts: string;
  readonly outline: string | null;
  readonly state: string | null;
}

export function toolParts(
  connection: Connection,
  { owner: of, sessionId, callIds }: { owner: Owner; sessionId: string; callIds: readonly string[] },
): ToolPartRow[] {
  const owner = ownerNumber(connection, of);
  const find = connection.statement(
    `SELECT p.call AS callId, p.message_id AS messageId, p.place, p.sequence AS partSequence, p.type, p.facts,
       m.created_at AS createdAt, m.sequence, m.outline, iif(m.outline IS NULL, m.state, NULL) AS state
     FROM parts AS p INDEXED BY parts_by_call JOIN messages AS m ON m.owner = p.owner AND m.id = p.message_id
     WHERE p.owner = ? AND p.session_id = ? AND p.call = ? LIMIT ${TOOL_PARTS_PER_CALL}`,
  );
  return callIds.flatMap((id) => find.all(owner, sessionId, id) as unknown as ToolPartRow[]);
}
