// Reads of messages, on a database thread.
import type { MessageHead, Owner } from '@opensync/contracts';
import { ownerNumber } from '../../sqlite/owners.ts';
import type { Connection } from '../../sqlite/serve.ts';
import { EXCERPT_JSON_CHARACTERS, PARTS_OF_EXCERPT } from '../heads.ts';
import type { MessageKey, MessageQuery } from '../port.ts';
import { HAS } from './has.ts';
import type { StoredPart } from './rows.ts';

export function messageKeys(
  connection: Connection,
  { owner, sessionId, query }: { owner: Owner; sessionId: string; query: MessageQuery },
): MessageKey[] {
  const { condition, order, values } = keysetOf(query);
  return connection
    .statement(
      `SELECT id, created_at AS createdAt, sequence FROM messages
       WHERE owner = ? AND session_id = ? ${condition} ORDER BY ${order} LIMIT ?`,
    )
    .all(ownerNumber(connection, owner), sessionId, ...values, query.limit) as unknown as MessageKey[];
}

/** SQL for a page of messages by their places. */
export function keysetOf({ after, order }: MessageQuery) {
  const [direction, beyond] = order === 'desc' ? ['DESC', '<'] : ['ASC', '>'];
  return {
    condition: after ? `AND (created_at, sequence) ${beyond} (?, ?)` : '',
    order: `created_at ${direction}, sequence ${direction}`,
    values: after ? [after.createdAt, after.sequence] : [],
  };
}

interface OfMessages {
  readonly owner: Owner;
  readonly ids: readonly string[];
}

type SummaryRow = readonly [id: string, state: string, version: number, lastSequence: number, bytes: number];

/** With the totals of their parts. */
export function messageSummaries(connection: Connection, { owner: of, ids }: OfMessages): SummaryRow[] {
  return connection
    .arrays(
      `SELECT m.id, m.state, coalesce(sum(p.sequence + p.retired), 0), coalesce(max(p.sequence), 0), coalesce(sum(p.bytes), 0)
       FROM json_each(?) AS asked CROSS JOIN messages AS m ON m.owner = ? AND m.id = asked.value
       LEFT JOIN parts AS p ON p.owner = m.owner AND p.message_id = m.id
       GROUP BY asked.key`,
    )
    .all(JSON.stringify(ids), ownerNumber(connection, of)) as unknown as SummaryRow[];
}

/** Messages whose sizes are looked up at once. */
const SIZED_AT_ONCE = 128;

/** Whole messages as rows: flat tuples are cheapest to clone. */
export interface WholeRows {
  readonly messages: readonly (readonly [id: string, state: string, text: string | null])[];
  /** Those of one message are next to each other, in the order of the messages. */
  readonly parts: readonly StoredPart[];
  readonly rest: readonly string[];
}

/** One statement for all of the messages, and one for their parts: a call for each message costs several times as much as its rows. */
export function wholeMessages(
  connection: Connection,
  { owner: of, ids, maxBytes }: OfMessages & { readonly maxBytes: number },
): WholeRows {
  const owner = ownerNumber(connection, of);
  const { fitting, rest } = withinBytes(connection, { owner, ids, maxBytes });
  const asked = JSON.stringify(fitting);
  const messages = connection
    .arrays(
      `SELECT m.id, m.state, m.text FROM json_each(?) AS asked CROSS JOIN messages AS m ON m.owner = ? AND m.id = asked.value`,
    )
    .all(asked, owner) as unknown as WholeRows['messages'];
  const parts = connection
    .arrays(
      `SELECT p.message_id, p.id, p.session_id, p.place, p.sequence, p.retired, p.type, p.ref, p.content, p.extra_ref, p.extra,
         p.media, p.unknown, p.facts
       FROM json_each(?) AS asked CROSS JOIN parts AS p ON p.owner = ? AND p.message_id = asked.value`,
    )
    .all(JSON.stringify([...new Set(fitting)]), owner) as unknown as StoredPart[];
  return { messages, parts, rest };
}

/** Those that are stored, in order, until their bytes reach `maxBytes`, but at least one; and the ids that were not looked at. */
function withinBytes(
  connection: Connection,
  { owner, ids, maxBytes }: { owner: number; ids: readonly string[]; maxBytes: number },
): { fitting: readonly string[]; rest: readonly string[] } {
  // SQLite knows the size of a text without reading it.
  const sizes = connection.arrays(
    `SELECT asked.key, octet_length(m.state) + coalesce(octet_length(m.text), m.state ->> '$.fields.text.size', 0)
       + coalesce((SELECT sum(bytes) FROM parts WHERE owner = m.owner AND message_id = m.id), 0)
     FROM json_each(?) AS asked CROSS JOIN messages AS m ON m.owner = ? AND m.id = asked.value`,
  );
  const fitting: string[] = [];
  let bytes = 0;
  for (let at = 0; at < ids.length; at += SIZED_AT_ONCE) {
    const some = ids.slice(at, at + SIZED_AT_ONCE);
    for (const [key, size] of sizes.all(JSON.stringify(some), owner) as unknown as [number, number][]) {
      bytes += size;
      if (fitting.length > 0 && bytes > maxBytes) return { fitting, rest: ids.slice(at + key) };
      fitting.push(some[key]!);
    }
  }
  return { fitting, rest: [] };
}

/** More of them would be the same blob sent repeatedly. */
const MOST_REFERRING = 100;

/** The messages of a session that name a blob, in their texts or parts; newest first. */
export function messagesWithMedia(
  connection: Connection,
  { owner: of, sessionId, sha256 }: { readonly owner: Owner; readonly sessionId: string; readonly sha256: string },
): string[] {
  const owner = ownerNumber(connection, of);
  return connection
    .statement(
      `SELECT DISTINCT id FROM (
         SELECT message_id AS id, sequence FROM parts
         WHERE owner = ?1 AND session_id = ?2 AND media IS NOT NULL AND instr(media, ?3) > 0
         UNION ALL
         SELECT id, sequence FROM messages
         WHERE owner = ?1 AND session_id = ?2 AND has & ${HAS.media}
           AND instr(state -> '$.fields.media', ?3) > 0
         ORDER BY sequence DESC) LIMIT ${MOST_REFERRING}`,
    )
    .all(owner, sessionId, sha256)
    .map(({ id }) => id as string);
}

/** Heads, and the beginnings of the first text parts. */
export function excerpts(connection: Connection, { owner: of, ids }: OfMessages) {
  const owner = ownerNumber(connection, of);
  const message = connection.statement('SELECT state FROM messages WHERE owner = ? AND id = ?');
  // First the parts, then their contents: a sort would carry all of those along.
  const parts = connection.statement(
    `SELECT rowid AS row FROM parts
     WHERE owner = ? AND message_id = ? AND type = 'text' AND retired = 0 AND sequence > ? AND place < ?
     ORDER BY place LIMIT ${PARTS_OF_EXCERPT}`,
  );
  const content = connection.statement(
    `SELECT coalesce(ref ->> '$.preview', '') AS preview, coalesce(substr(content, 1, ${EXCERPT_JSON_CHARACTERS}), '') AS json
     FROM parts WHERE rowid = ?`,
  );
  return ids.flatMap((id) => {
    const stored = message.get(owner, id) as { state: string } | undefined;
    if (!stored) return [];
    const { fields, sequences } = JSON.parse(stored.state) as MessageHead;
    const partCount = fields.partCount ?? 0;
    const texts = fields.text
      ? []
      : parts
          .all(owner, id, sequences.partCount ?? 0, partCount)
          .map(({ row }) => content.get(row as number) as unknown as { preview: string; json: string });
    return [{ id, state: stored.state, texts }];
  });
}
