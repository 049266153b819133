// Reads of outlines, on a database thread.
import type { MessageHead, Owner, PackedOutline } from '@opensync/contracts';
import { ownerNumber } from '../../sqlite/owners.ts';
import type { Connection } from '../../sqlite/serve.ts';
import { OUTLINE_CHARACTERS, TOOL_PARTS_PER_CALL, type PackedPart } from '../outlines.ts';
import type { MessageQuery } from '../port.ts';
import { keysetOf } from './messages.ts';

/** A row of {@link messageOutlines}: the outline of its message, or, of one from before outlines, its head. */
export type OutlineRow = readonly [
  id: string,
  createdAt: number,
  sequence: number,
  outline: PackedOutline | MessageHead,
  parts: readonly PackedPart[],
];

/** All messages of a read, and all parts of their session, by message: each a JSON array with one item for each of them. */
export interface OutlineColumns {
  readonly ids: string;
  readonly createdAt: string;
  readonly sequences: string;
  readonly outlines: string;
  readonly parts: PartColumns;
}

export interface PartColumns {
  readonly messageIds: string;
  readonly places: string;
  readonly sequences: string;
  readonly types: string;
  readonly facts: string;
}

/** The items of a JSON array of {@link OutlineRow}, or columns. */
export type FoundOutlines = ({ readonly rows: string } | { readonly columns: OutlineColumns }) & {
  readonly isLast: boolean;
};

interface OutlineRequest {
  readonly owner: Owner;
  readonly sessionId: string;
  readonly query: MessageQuery;
}

/** Parts of a session for each message of a read, up to which all of them are read: to look for those of each message takes as long. */
const PARTS_PER_MESSAGE = 4;
/** Bytes of what is known of the parts that are read as columns. */
const PART_BYTES = 2 * OUTLINE_CHARACTERS;
/** Messages whose parts are looked for in one read: some milliseconds. */
const ROWS_AT_ONCE = 1_000;

/** Fewer than the limit if there are no more, they are large, or take long: other reads have their turn in between. */
export function messageOutlines(connection: Connection, request: OutlineRequest): FoundOutlines {
  return outlineColumns(connection, request) ?? outlineRows(connection, request);
}

/**
 * SQLite puts each column together: ten thousand rows that cross to JavaScript one by one cost ten times as much as that.
 * Undefined if the session has far more parts than the messages of this read, or messages from before outlines.
 */
function outlineColumns(
  connection: Connection,
  { owner: of, sessionId, query }: OutlineRequest,
): FoundOutlines | undefined {
  const { condition, order, values } = keysetOf(query);
  const owner = ownerNumber(connection, of);
  const found = connection
    .statement(
      `SELECT count(*) AS messages, count(outline) AS outlined, json_group_array(id) AS ids,
         '[' || coalesce(group_concat(created_at), '') || ']' AS createdAt,
         '[' || coalesce(group_concat(sequence), '') || ']' AS sequences,
         '[' || coalesce(group_concat(outline), '') || ']' AS outlines
       FROM (SELECT id, created_at, sequence, outline FROM messages INDEXED BY messages_of_session
         WHERE owner = ? AND session_id = ? ${condition} ORDER BY ${order} LIMIT ?)`,
    )
    .get(owner, sessionId, ...values, query.limit) as unknown as Counted & OutlineColumns;
  const { messages, outlined, ...columns } = found;
  if (outlined < messages) return undefined;
  const parts = partColumns(connection, { owner, sessionId, most: PARTS_PER_MESSAGE * messages });
  return parts && { columns: { ...columns, parts }, isLast: messages < query.limit };
}

interface Counted {
  readonly messages: number;
  /** Those that have an outline. */
  readonly outlined: number;
}

function partColumns(
  connection: Connection,
  { owner, sessionId, most }: { owner: number; sessionId: string; most: number },
): PartColumns | undefined {
  const ofSession = 'FROM parts INDEXED BY parts_outline WHERE owner = ? AND session_id = ? AND retired = 0';
  // SQLite knows the size of a text without reading it.
  const { parts, bytes } = connection
    .statement(
      `SELECT count(*) AS parts, total(octet_length(type) + octet_length(facts)) AS bytes
       FROM (SELECT type, facts ${ofSession} LIMIT ?)`,
    )
    .get(owner, sessionId, most + 1) as { parts: number; bytes: number };
  if (parts > most || bytes > PART_BYTES) return undefined;
  return connection
    .statement(
      `SELECT json_group_array(message_id) AS messageIds, '[' || coalesce(group_concat(place), '') || ']' AS places,
         '[' || coalesce(group_concat(sequence), '') || ']' AS sequences, json_group_array(type) AS types,
         '[' || coalesce(group_concat(coalesce(facts, 'null')), '') || ']' AS facts
       ${ofSession}`,
    )
    .get(owner, sessionId) as unknown as PartColumns;
}

/** As one text: rows as objects cost ten times as much on their way to the other thread, and to parse one by one. */
function outlineRows(connection: Connection, { owner, sessionId, query }: OutlineRequest): FoundOutlines {
  const { condition, order, values } = keysetOf(query);
  const limit = Math.min(query.limit, ROWS_AT_ONCE);
  // The parts of a message are next to each other in the index, in order.
  const found = connection
    .arrays(
      `SELECT '[' || json_quote(m.id) || ',' || m.created_at || ',' || m.sequence || ',' || coalesce(m.outline, m.state) || ',['
         || coalesce((SELECT group_concat(
            '[' || place || ',' || sequence || ',' || json_quote(type) || ',' || coalesce(facts, 'null') || ']', ',')
          FROM parts INDEXED BY parts_outline
          WHERE owner = m.owner AND session_id = m.session_id AND message_id = m.id AND retired = 0), '') || ']]' AS row
       FROM messages AS m INDEXED BY messages_of_session
       WHERE m.owner = ? AND m.session_id = ? ${condition} ORDER BY ${order} LIMIT ?`,
    )
    .iterate(ownerNumber(connection, owner), sessionId, ...values, limit);
  const rows: string[] = [];
  let characters = 0;
  for (const [row] of found as Iterable<unknown> as Iterable<[row: string]>) {
    characters += row.length;
    if (characters > OUTLINE_CHARACTERS && rows.length > 0) return { rows: rows.join(','), isLast: false };
    rows.push(row);
  }
  return { rows: rows.join(','), isLast: rows.length < limit };
}

/** A tool call or its result, and the place of its message; the state only if there is no outline. */
export type ToolPartRow = readonly [
  callId: string,
  messageId: string,
  place: number,
  partSequence: number,
  type: string,
  facts: string,
  createdAt: number,
  sequence: number,
  outline: string | null,
  state: string | null,
];

export function toolParts(
  connection: Connection,
  { owner: of, sessionId, callIds }: { owner: Owner; sessionId: string; callIds: readonly string[] },
): ToolPartRow[] {
  const owner = ownerNumber(connection, of);
  const statement = connection.arrays(
    `SELECT p.call, p.message_id, p.place, p.sequence, p.type, p.facts, m.created_at, m.sequence, m.outline,
       iif(m.outline IS NULL, m.state, NULL)
     FROM json_each(?) AS asked
     CROSS JOIN parts AS p INDEXED BY parts_by_call ON p.owner = ? AND p.session_id = ? AND p.call = asked.value
     CROSS JOIN messages AS m ON m.owner = p.owner AND m.id = p.message_id LIMIT ?`,
  );
  const partsOf = (ids: readonly string[], most: number) =>
    statement.all(JSON.stringify(ids), owner, sessionId, most) as unknown as ToolPartRow[];
  // Those of all calls at once cost a third, but calls with very many parts must not crowd out the others.
  const most = callIds.length * TOOL_PARTS_PER_CALL;
  const all = partsOf(callIds, most + 1);
  if (all.length > most) return callIds.flatMap((id) => partsOf([id], TOOL_PARTS_PER_CALL));
  return [...Map.groupBy(all, ([call]) => call).values()].flatMap((parts) => parts.slice(0, TOOL_PARTS_PER_CALL));
}
