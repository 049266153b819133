import type { Reader } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { QueryResources } from '../resources.ts';
import type { Anonymizer } from './anonymize.ts';
import { ROW, type ExportFormat, type Piece, type RenderOptions } from './formats/format.ts';
import { lineageOf, NO_LINEAGE } from './lineage.ts';
import type { ExportRequest } from './options.ts';
import type { ExportMessage, ExportSession } from './record.ts';
import { testCases } from './test-cases.ts';
import { walkMessages, walkSessions, type Walked } from './walk.ts';
import { zipped, type ArchiveEntry } from './zip.ts';

/** What is sent at once. A whole file of up to this size has its totals in headers. */
const PIECE_BYTES = 64 * 1024;
/** Two of them precede the first byte of a streamed answer, which is to come within a second. */
const LATEST_PIECE_MS = 300;

/** Counted while the export is made. */
export interface ExportTotals {
  /** Those with at least one row. */
  sessions: number;
  /** Rows of evaluations; of other formats, the rows that they have. */
  rows: number;
}

export interface ExportContext {
  readonly resources: Pick<QueryResources, 'documents' | 'payloads'>;
  readonly reader: Reader;
  readonly request: ExportRequest;
  /** The key and the names for pseudonyms. */
  readonly anonymizer: Anonymizer | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly totals: ExportTotals;
}

/**
 * The file of an export in pieces of bytes, with no more in memory than one piece, the contents of one message, and one test case.
 * @throws AppError NOT_FOUND if there is nothing to export, before the first piece; UNAVAILABLE, also later
 */
export async function* exportPieces(context: ExportContext): AsyncGenerator<Buffer> {
  const { request, totals } = context;
  const options = { ...request.options, exportedAt: context.now, isSingle: request.id !== undefined };
  const sessions = walkSessions(context.resources, context.reader, request);
  try {
    if (request.archive === 'zip') {
      const first = await sessions.next();
      if (first.done) throw nothingFound();
      return yield* inPieces(zipped(archiveEntries(context, withFirst(first.value, sessions), options)), totals);
    }
    for await (const piece of inPieces(fileOf(context, sessions, options), totals)) {
      // A client of the original expects this answer; an empty file would look like a complete one.
      if (totals.sessions === 0) throw nothingFound();
      yield piece;
    }
    if (totals.sessions === 0) throw nothingFound();
  } finally {
    await sessions.return(undefined);
  }
}

function nothingFound(): AppError {
  return new AppError('NOT_FOUND', 'No sessions match the specified filters');
}

async function* withFirst(first: Walked, rest: AsyncIterable<Walked>): AsyncGenerator<Walked> {
  yield first;
  yield* rest;
}

/** All sessions in one file. */
async function* fileOf(
  context: ExportContext,
  sessions: AsyncIterable<Walked>,
  options: RenderOptions,
): AsyncGenerator<string> {
  const { format } = context.request;
  const isList = format.framing === 'array' && !(options.isSingle && format.kind === 'sessions');
  if (isList) yield '[';
  if (format.kind === 'sessions') yield format.head?.(options) ?? '';
  let rows = 0;
  for await (const session of sessions) {
    const before = rows;
    for await (const piece of rowsOf(context, session, options)) {
      if (piece !== ROW) {
        yield piece;
        continue;
      }
      // Counted before it is sent, so that a file's totals are never less than what it holds.
      if (rows === before) context.totals.sessions++;
      context.totals.rows++;
      if (isList) yield rows > 0 ? ',\n' : '\n';
      else if (format.framing === 'lines' && rows > 0) yield '\n';
      rows++;
    }
  }
  if (isList) yield '\n]\n';
  else if (format.framing !== 'text' && rows > 0) yield '\n';
  if (format.kind === 'sessions') yield format.foot?.(options) ?? '';
}

async function* rowsOf(
  { resources, reader, request, anonymizer }: ExportContext,
  walked: Walked,
  options: RenderOptions,
): AsyncGenerator<Piece> {
  const { format } = request;
  const session = anonymizer?.session(walked.view) ?? walked.view;
  const messages = messagesOf(walked, { resources, anonymizer });
  if (format.kind === 'sessions') {
    const lineage = format.readsLineage ? await lineageOf(resources.documents, reader, walked) : NO_LINEAGE;
    return yield* format.rows(session, messages, options, anonymizer?.lineage(lineage, walked.view) ?? lineage);
  }
  for await (const testCase of testCases(session, messages, options)) {
    yield ROW;
    yield JSON.stringify(format.row(testCase, session, options));
  }
}

async function* messagesOf(
  walked: Walked,
  { resources, anonymizer }: Pick<ExportContext, 'resources' | 'anonymizer'>,
): AsyncGenerator<ExportMessage> {
  for await (const message of walkMessages(resources, walked)) {
    yield anonymizer?.message(message, walked.view) ?? message;
  }
}

/** A document for each session, or the file of a tool with its companion. */
async function* archiveEntries(
  context: ExportContext,
  sessions: AsyncIterable<Walked>,
  options: RenderOptions,
): AsyncGenerator<ArchiveEntry> {
  const { format } = context.request;
  const { companion } = format;
  if (companion) {
    yield { name: companion.file, modifiedAt: context.now, content: [companion.content(options)] };
  }
  if (format.kind === 'cases' || !format.readsMessages) {
    const name =
      companion?.part === 'registry' ? 'registry/data/opensync/samples.jsonl' : `opensync.${format.extension}`;
    yield { name, modifiedAt: context.now, content: fileOf(context, sessions, options) };
  } else {
    for await (const session of sessions) {
      const view = context.anonymizer?.session(session.view) ?? session.view;
      const content = fileOf(context, only(session), { ...options, isSingle: true });
      yield { name: `sessions/${entryName(view, format)}`, modifiedAt: view.updatedAt, content };
    }
  }
  // Last, so that its presence says that the archive is complete.
  yield { name: 'manifest.json', modifiedAt: context.now, content: [manifest(context)] };
}

async function* only(session: Walked): AsyncGenerator<Walked> {
  yield session;
}

function entryName({ id, createdAt }: ExportSession, { extension }: ExportFormat): string {
  return `${new Date(createdAt).toISOString().slice(0, 10)}-${id}.${extension}`;
}

function manifest({ now, totals, request, anonymizer }: ExportContext): string {
  const about = {
    opensync_metadata: {
      export_version: '1.0',
      export_date: new Date(now).toISOString(),
      format: request.format.name,
      anonymized: anonymizer !== undefined,
      total_sessions: totals.sessions,
      total_rows: totals.rows,
    },
  };
  return `${JSON.stringify(about, undefined, 2)}\n`;
}

/** As pieces that are worth sending, or that a client has waited for long enough. */
async function* inPieces(parts: AsyncIterable<string | Buffer>, totals: ExportTotals): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  let sentAt = performance.now();
  for await (const part of parts) {
    const added = typeof part === 'string' ? Buffer.from(part) : part;
    held.push(added);
    bytes += added.length;
    // Before the first row it may still turn out that there is nothing to export.
    const isLate = totals.sessions > 0 && performance.now() - sentAt > LATEST_PIECE_MS;
    if (bytes < PIECE_BYTES && !isLate) continue;
    yield Buffer.concat(held, bytes);
    held = [];
    bytes = 0;
    sentAt = performance.now();
  }
  if (bytes > 0) yield Buffer.concat(held, bytes);
}
