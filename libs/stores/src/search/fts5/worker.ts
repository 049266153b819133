import type { Owner } from '@opensync/contracts';
import { findOwner, OWNERS_TABLE, sharedIn } from '../../sqlite/owners.ts';
import { serveDatabase, type Connection, type DatabaseDefinition } from '../../sqlite/serve.ts';
import { findSession, provideSession, SESSIONS_TABLE } from '../../sqlite/sessions.ts';
import { ANALYSIS_VERSION } from '../analysis.ts';
import { columnsOf } from '../columns.ts';
import { untilTime } from '../../sqlite/in-time.ts';
import { searchAtOnce } from './at-once.ts';
import { facets, ofOthers } from './facets.ts';
import { havingAllOfFew } from './having-all.ts';
import { hitsText } from './hits.ts';
import { dropPartition, openPartition, tableOf } from './partitions.ts';
import { bestRows, having, messageIds, ROW_BITS, scores, termCounts, withAllInOneRow } from './reads.ts';
import type { SessionHeading } from '../../heading.ts';
import { NO_LABELS, UNLABELLED } from '../../labels.ts';
import type { SearchDocument } from '../port.ts';

const ROWS_PER_SESSION = 2 ** ROW_BITS;

/**
 * Each partition has its own FTS5 table, `fts_<number>`, which is dropped with all its terms when its last row is
 * removed. The tables hold only the index (`content=''`); the texts are in `texts`, next to the slim rows that
 * filters scan.
 */
const MIGRATIONS = [
  `
  ${OWNERS_TABLE}
  ${SESSIONS_TABLE}
  CREATE TABLE documents (
    row INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    id TEXT NOT NULL,
    message_id TEXT,
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    model TEXT NOT NULL,
    project_name TEXT NOT NULL,
    project_path TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    title TEXT NOT NULL,
    UNIQUE (owner, id)
  ) STRICT;
  CREATE TABLE texts (
    row INTEGER PRIMARY KEY,
    text TEXT NOT NULL,
    tool_text TEXT NOT NULL
  ) STRICT;
  `,
  // 0: unknown, for the rows that are stored already. None of them must count as newer than it is.
  `ALTER TABLE documents ADD COLUMN heading_version INTEGER NOT NULL DEFAULT ${Number.MAX_SAFE_INTEGER}`,
  `CREATE TABLE analysis (version INTEGER NOT NULL) STRICT;
   INSERT INTO analysis SELECT iif(EXISTS (SELECT 1 FROM owners), 1, ${ANALYSIS_VERSION});`,
  // The partition of the workspace that a row is shared with; NULL for a private one, as all existing rows are.
  `ALTER TABLE documents ADD COLUMN shared INTEGER;
   CREATE INDEX documents_shared ON documents (shared) WHERE shared IS NOT NULL;`,
  // 0: unknown, for the rows that are stored already.
  'ALTER TABLE documents ADD COLUMN first_sequence INTEGER NOT NULL DEFAULT 0',
  // Existing rows get a value that no session has, so they are written again.
  `ALTER TABLE documents ADD COLUMN labels TEXT NOT NULL DEFAULT '${UNLABELLED}';
   ALTER TABLE documents ADD COLUMN own_labels TEXT NOT NULL DEFAULT '${UNLABELLED}';`,
];

/** A read of a search, which ends when the search's time is up. */
function timed<Args, Result>(read: (connection: Connection, args: Args) => Result) {
  return (connection: Connection, args: Args & { readonly until?: number | undefined }): Result =>
    untilTime(connection, args.until, () => read(connection, args));
}

const definition = {
  migrations: MIGRATIONS,
  writes: { index, remove },
  reads: {
    indexed,
    hasBefore,
    counts,
    searchAtOnce: timed(searchAtOnce),
    withAllInOneRow: timed(withAllInOneRow),
    termCounts: timed(termCounts),
    having: timed(having),
    havingAllOfFew: timed(havingAllOfFew),
    scores: timed(scores),
    bestRows: timed(bestRows),
    hits: timed(hitsText),
    messageIds: timed(messageIds),
    ofOthers: timed(ofOthers),
    facets: timed(facets),
  },
} satisfies DatabaseDefinition;
export type SearchDatabase = typeof definition;

export interface StoredHeading extends SessionHeading {
  readonly id: string;
  readonly sessionId: string;
  readonly version: number;
  readonly headingVersion: number;
}

interface StoredRow {
  readonly row: number;
  readonly version: number;
  readonly title: string;
  readonly projectName: string;
  readonly projectPath: string;
  /** Where its words are. */
  readonly partition: number;
}

interface ChangedRow {
  readonly document: SearchDocument;
  readonly partition: number;
  /** Where its words were before this write. */
  readonly before: number | undefined;
}

function index(
  connection: Connection,
  { owner: of, documents }: { owner: Owner; documents: readonly SearchDocument[] },
) {
  const owner = openPartition(connection, of);
  const find = connection.statement(
    `SELECT row, version, title, project_name AS projectName, project_path AS projectPath,
       coalesce(shared, owner) AS partition
     FROM documents WHERE owner = ? AND id = ?`,
  );
  const changed = new Map<number, ChangedRow>();
  for (const document of documents) {
    const stored = find.get(owner, document.id) as StoredRow | undefined;
    if (stored && stored.version > document.version) continue;
    const row = stored?.row ?? nextRow(connection, owner, document.sessionId);
    const partition = document.visibility === 'workspace' ? openPartition(connection, sharedIn(of)) : owner;
    const isSame = stored !== undefined && isSameText(connection, stored, document);
    if (!isSame) writeTexts(connection, row, document);
    if (!isSame || stored.partition !== partition) {
      const before = changed.has(row) ? changed.get(row)!.before : stored?.partition;
      changed.set(row, { document, partition, before });
    }
    writeDocument(connection, owner, row, document, partition === owner ? null : partition);
  }
  // The words of all rows last, one partition after the other: every statement on another table that may roll back
  // makes FTS5 flush its buffer, and a flush for each row takes most of the time (measured: five times slower).
  for (const [row, { partition, before }] of changed) {
    if (before !== undefined && before !== partition) removeWords(connection, before, row);
  }
  for (const [partition, rows] of Map.groupBy(changed, ([, row]) => row.partition)) {
    for (const [row, { document }] of rows) writeWords(connection, partition, row, document);
  }
  dropUnshared(connection, of);
}

function nextRow(connection: Connection, owner: number, sessionId: string): number {
  const session = provideSession(connection, owner, sessionId);
  const [first, last] = rowsOf(session);
  const { highest } = connection
    .statement('SELECT max(row) AS highest FROM documents WHERE row BETWEEN ? AND ?')
    .get(first, last) as { highest: number | null };
  if (highest === last) throw new Error(`session ${sessionId} has more than ${ROWS_PER_SESSION} rows`);
  return highest === null ? first : highest + 1;
}

function rowsOf(session: number): [first: number, last: number] {
  return [session * ROWS_PER_SESSION, (session + 1) * ROWS_PER_SESSION - 1];
}

/** Most rewrites change only a version or a filter column; the words are the expensive part. */
function isSameText(
  connection: Connection,
  stored: StoredRow,
  { title, projectName, projectPath, text, toolText }: SearchDocument,
) {
  if (stored.title !== title || stored.projectName !== projectName || stored.projectPath !== projectPath) return false;
  const found = connection.statement('SELECT text, tool_text AS toolText FROM texts WHERE row = ?').get(stored.row);
  return found?.text === text && found.toolText === toolText;
}

function writeDocument(
  connection: Connection,
  owner: number,
  row: number,
  document: SearchDocument,
  shared: number | null,
): void {
  const { id, messageId = null, version, source, model, projectName, projectPath, createdAt, title } = document;
  const { headingVersion = 0, firstSequence = 0, labels = NO_LABELS, ownLabels = NO_LABELS } = document;
  const heading = [source, model, projectName, projectPath, createdAt, title, headingVersion];
  connection
    .statement('INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(row, owner, id, messageId, version, ...heading, shared, firstSequence, labels, ownLabels);
}

function writeTexts(connection: Connection, row: number, { text, toolText }: SearchDocument): void {
  connection.statement('INSERT OR REPLACE INTO texts VALUES (?, ?, ?)').run(row, text, toolText);
}

function writeWords(connection: Connection, partition: number, row: number, document: SearchDocument): void {
  const { title, text, project, parts, tool } = columnsOf(document);
  connection
    .statement(
      `INSERT OR REPLACE INTO ${tableOf(partition)} (rowid, title, text, project, parts, tool) VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(row, title, text, project, parts, tool);
}

function removeWords(connection: Connection, partition: number, row: number): void {
  connection.statement(`DELETE FROM ${tableOf(partition)} WHERE rowid = ?`).run(row);
}

/** Drops the workspace's partition if nothing is shared any more. */
function dropUnshared(connection: Connection, of: Owner): void {
  const shared = findOwner(connection, sharedIn(of));
  if (shared === undefined) return;
  const left = connection.statement('SELECT 1 FROM documents WHERE shared = ? LIMIT 1').get(shared);
  if (!left) dropPartition(connection, shared);
}

function indexed(
  connection: Connection,
  { owner: of, ids }: { owner: Owner; ids: readonly string[] },
): StoredHeading[] {
  const owner = findOwner(connection, of);
  if (owner === undefined) return [];
  const find = connection.statement(
    `SELECT id, version, heading_version AS headingVersion, title, project_name AS projectName, project_path AS projectPath, source, model,
       created_at AS createdAt, iif(shared IS NULL, 'private', 'workspace') AS visibility, labels,
       (SELECT id FROM sessions WHERE session = documents.row / ${ROWS_PER_SESSION}) AS sessionId
     FROM documents WHERE owner = ? AND id = ?`,
  );
  return ids.flatMap((id) => (find.get(owner, id) as unknown as StoredHeading | undefined) ?? []);
}

function remove(
  connection: Connection,
  { owner: of, sessionIds }: { owner: Owner; sessionIds: readonly string[] },
): number {
  const owner = findOwner(connection, of);
  if (owner === undefined) return 0;
  const removed = sessionIds.reduce((sum, id) => sum + removeSession(connection, owner, id), 0);
  const left = connection.statement('SELECT 1 FROM sessions WHERE owner = ? LIMIT 1').get(owner);
  if (!left) dropPartition(connection, owner);
  dropUnshared(connection, of);
  return removed;
}

function removeSession(connection: Connection, owner: number, id: string): number {
  const session = findSession(connection, owner, id);
  if (session === undefined) return 0;
  const range = rowsOf(session);
  const rows = connection
    .statement('SELECT row, coalesce(shared, owner) AS partition FROM documents WHERE row BETWEEN ? AND ?')
    .all(...range);
  for (const { row, partition } of rows) removeWords(connection, partition as number, row as number);
  connection.statement('DELETE FROM texts WHERE row BETWEEN ? AND ?').run(...range);
  connection.statement('DELETE FROM documents WHERE row BETWEEN ? AND ?').run(...range);
  connection.statement('DELETE FROM sessions WHERE session = ?').run(session);
  return rows.length;
}

function hasBefore(
  connection: Connection,
  { owner: of, sessionId, sequence, from }: { owner: Owner; sessionId: string; sequence: number; from: number },
): boolean {
  const owner = findOwner(connection, of);
  const session = owner === undefined ? undefined : findSession(connection, owner, sessionId);
  if (session === undefined) return false;
  const found = connection
    .statement(
      'SELECT 1 FROM documents WHERE row BETWEEN ? AND ? AND first_sequence >= ? AND first_sequence < ? LIMIT 1',
    )
    .get(...rowsOf(session), from, sequence);
  return found !== undefined;
}

function counts(connection: Connection) {
  return connection
    .statement(
      `SELECT sqlite_version() AS version, (SELECT count(*) FROM sessions) AS sessions,
         (SELECT count(*) FROM documents) AS rows, (SELECT version FROM analysis) AS analysis`,
    )
    .get() as { version: string; sessions: number; rows: number; analysis: number };
}

serveDatabase(definition);
