import type { Lineage } from '../lineage.ts';
import type { ExportMessage, ExportSession } from '../record.ts';
import type { TestCase, TestCaseOptions, TurnMode } from '../test-cases.ts';

export interface RenderOptions extends TestCaseOptions {
  /** Whether rows say where they come from. */
  readonly includeMetadata: boolean;
  /** When the export began; milliseconds since the epoch. */
  readonly exportedAt: number;
  /** One session, asked for by its id. */
  readonly isSingle: boolean;
}

/** Begins a row of the file: a line, or an element of an array. */
export const ROW = Symbol('row');
export type Piece = string | typeof ROW;

/** What stands between the rows of a file. */
export type Framing =
  /** One JSON value a line. */
  | 'lines'
  /** One JSON array. */
  | 'array'
  /** Rows follow one another: they bring their own separators. */
  | 'text';

/** A file beside the data that a tool needs to read it. */
export interface Companion {
  /** What `part` names it. */
  readonly part: string;
  readonly file: string;
  readonly mediaType: string;
  readonly content: (options: RenderOptions) => string;
}

interface Common {
  readonly name: string;
  /** For the documentation, after "Format": what reads it. */
  readonly meaning: string;
  readonly mediaType: string;
  readonly extension: string;
  readonly framing: Framing;
  readonly companion?: Companion;
}

/** A row for each test case. */
export interface CaseFormat extends Common {
  readonly kind: 'cases';
  readonly turnModes: readonly TurnMode[];
  readonly row: (testCase: TestCase, session: ExportSession, options: RenderOptions) => object;
}

/** Rows of a session, in pieces, so that the longest session needs no more memory than its longest message. */
export interface SessionFormat extends Common {
  readonly kind: 'sessions';
  readonly head?: (options: RenderOptions) => string;
  readonly foot?: (options: RenderOptions) => string;
  readonly rows: (
    session: ExportSession,
    messages: AsyncIterable<ExportMessage>,
    options: RenderOptions,
    lineage: Lineage,
  ) => AsyncIterable<Piece> | Iterable<Piece>;
  /** Whether rows hold messages: then an archive has a file for each session. */
  readonly readsMessages: boolean;
  /** Whether rows include what a session copied and started; it is not read for other formats. */
  readonly readsLineage?: true;
}

export type ExportFormat = CaseFormat | SessionFormat;

/** Where a row comes from, under the names that OpenSync's clients know. */
export function provenance(testCase: TestCase, session: ExportSession): Record<string, unknown> {
  return {
    session_id: session.externalId,
    case_id: testCase.id,
    turn: testCase.index,
    model: testCase.model ?? session.model,
    tool: session.source,
    timestamp: new Date(testCase.createdAt).toISOString(),
    tokens_input: testCase.promptTokens,
    tokens_output: testCase.completionTokens,
    cost_usd: testCase.cost,
    ...(testCase.durationMs > 0 && { latency_ms: testCase.durationMs }),
    ...(session.projectName !== null && { project: session.projectName }),
    tags: session.evalTags,
    ...(session.evalStatus !== null && { eval_status: session.evalStatus }),
    ...(session.evalNotes !== null && { notes: session.evalNotes }),
    ...(testCase.isShortened && { shortened: true }),
  };
}
