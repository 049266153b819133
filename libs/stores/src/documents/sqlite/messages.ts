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

interface TotalsRow {
  readonly version: number;
  readonly lastSequence: number;
  readonly bytes: number;
}

export function messageSummaries(connection: Connection, { owner: of, ids }: OfMessages) {
  const owner = ownerNumber(connection, of);
  const message = connection.statement('SELECT state FROM messages WHERE owner = ? AND id = ?');
  return ids.flatMap((id) => {
    const stored = message.get(owner, id) as { state: string } | undefined;
    return stored ? [{ id, state: stored.state, parts: totalsOf(connection, owner, id) }] : [];
  });
}

function totalsOf(connection: Connection, owner: number, messageId: string): TotalsRow {
  return connection
    .statement(
      `SELECT coalesce(sum(sequence + retired), 0) AS version, coalesce(max(sequence), 0) AS lastSequence,
         coalesce(sum(bytes), 0) AS bytes
       FROM parts WHERE owner = ? AND message_id = ?`,
    )
    .get(owner, messageId) as unknown as TotalsRow;
}

export function wholeMessages(
  connection: Connection,
  { owner: of, ids, maxBytes }: OfMessages & { readonly maxBytes: number },
): { messages: { id: string; state: string; text: string | null; parts: StoredPart[] }[]; rest: readonly string[] } {
  const owner = ownerNumber(connection, of);
  // SQLite knows the size of a text without reading it.
  const sizes = connection.statement(
    `SELECT octet_length(state) + coalesce(octet_length(text), state ->> '$.fields.text.size', 0) AS bytes
     FROM messages WHERE owner = ? AND id = ?`,
  );
  const message = connection.statement('SELECT state, text FROM messages WHERE owner = ? AND id = ?');
  const parts = connection.statement(
    `SELECT id, session_id AS sessionId, place, sequence, retired, type, ref, content, extra_ref AS extraRef, extra, media, unknown, facts
     FROM parts WHERE owner = ? AND message_id = ? ORDER BY place`,
  );
  const messages = [];
  let bytes = 0;
  for (const [at, id] of ids.entries()) {
    const size = sizes.get(owner, id) as { bytes: number } | undefined;
    if (!size) continue;
    bytes += size.bytes + totalsOf(connection, owner, id).bytes;
    if (messages.length > 0 && bytes > maxBytes) return { messages, rest: ids.slice(at) };
    const stored = message.get(owner, id) as { state: string; text: string | null };
    messages.push({ id, ...stored, parts: parts.all(owner, id) as unknown as StoredPart[] });
  }
  return { messages, rest: [] };
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
