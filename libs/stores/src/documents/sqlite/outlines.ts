// Reads of outlines, on a database thread.
import type { Owner } from '@opensync/contracts';
import { ownerNumber } from '../../sqlite/owners.ts';
import type { Connection } from '../../sqlite/serve.ts';
import { OUTLINE_CHARACTERS, TOOL_PARTS_PER_CALL } from '../outlines.ts';
import type { MessageKey, MessageQuery } from '../port.ts';
import { keysetOf } from './messages.ts';

export interface OutlineRow extends MessageKey {
  /** Null of a message from before outlines; then `state` is its head. */
  readonly outline: string | null;
  readonly state: string | null;
  /** The items of a JSON array of `PackedPart`. */
  readonly parts: string | null;
}

/** Fewer than the limit if there are no more, or the rows are large. */
export function messageOutlines(
  connection: Connection,
  { owner, sessionId, query }: { owner: Owner; sessionId: string; query: MessageQuery },
): { rows: OutlineRow[]; isLast: boolean } {
  const { condition, order, values } = keysetOf(query);
  // The parts of a message are next to each other in the index, in order.
  const found = connection
    .statement(
      `SELECT m.id, m.created_at AS createdAt, m.sequence, m.outline, iif(m.outline IS NULL, m.state, NULL) AS state,
         (SELECT group_concat(
            '[' || place || ',' || sequence || ',' || json_quote(type) || ',' || coalesce(facts, 'null') || ']', ',')
          FROM parts INDEXED BY parts_outline
          WHERE owner = m.owner AND session_id = m.session_id AND message_id = m.id AND retired = 0) AS parts
       FROM messages AS m INDEXED BY messages_of_session
       WHERE m.owner = ? AND m.session_id = ? ${condition} ORDER BY ${order} LIMIT ?`,
    )
    .iterate(ownerNumber(connection, owner), sessionId, ...values, query.limit);
  const rows: OutlineRow[] = [];
  let characters = 0;
  for (const row of found as Iterable<unknown> as Iterable<OutlineRow>) {
    characters += (row.outline ?? row.state ?? '').length + (row.parts ?? '').length;
    if (characters > OUTLINE_CHARACTERS && rows.length > 0) return { rows, isLast: false };
    rows.push(row);
  }
  return { rows, isLast: rows.length < query.limit };
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
