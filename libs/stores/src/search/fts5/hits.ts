import type { Reader } from '@opensync/contracts';
import { assertInTime } from '../../sqlite/in-time.ts';
import type { Connection } from '../../sqlite/serve.ts';
import type { QueryTerm } from '../query.ts';
import { excerpts } from '../snippet.ts';
import { excerpt as excerptColumn, longestWord } from './excerpt.ts';
import { partitionsOf } from './partitions.ts';
import { ROW_BITS, type FoundRow } from './reads.ts';
import { textOf, type ShownRow } from './shown-rows.ts';

/** What a person sees of rows, as the text of {@link ShownRow}s; those that are gone meanwhile are left out. */
export function hitsText(
  connection: Connection,
  { reader, rows, terms }: { reader: Reader; rows: readonly FoundRow[]; terms: readonly QueryTerm[] },
): string {
  // Looked at again: what was shared when it was found may be private now.
  const partitions = new Set(partitionsOf(connection, reader).map(({ number }) => number));
  const found = connection
    .arrays(
      `SELECT asked.key, sessions.id, message_id, title, project_name, project_path, ${excerptColumn('text')},
         ${excerptColumn('tool_text')}, coalesce(shared, documents.owner)
       FROM json_each(:rows) AS asked CROSS JOIN documents ON documents.row = asked.value
       CROSS JOIN texts ON texts.row = documents.row CROSS JOIN sessions ON session = documents.row >> ${ROW_BITS}`,
    )
    .all({ rows: JSON.stringify(rows.map(({ row }) => row)), word: longestWord(terms) });
  const excerptFor = excerpts(terms);
  const shown: ShownRow[] = [];
  for (const texts of found as unknown as readonly StoredTexts[]) {
    assertInTime(connection);
    const [at, sessionId, messageId, title, projectName, projectPath, text, toolText, partition] = texts;
    if (!partitions.has(partition)) continue;
    const { row, score } = rows[at]!;
    const excerpt = excerptFor([text, toolText, title, projectName, projectPath]);
    shown.push({ row, sessionId, ...(messageId !== null && { messageId }), score, title, excerpt });
  }
  return textOf(shown);
}

type StoredTexts = readonly [
  at: number,
  sessionId: string,
  messageId: string | null,
  title: string,
  projectName: string,
  projectPath: string,
  text: string,
  toolText: string,
  partition: number,
];
