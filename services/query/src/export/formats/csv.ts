import { isoTime, type ExportSession } from '../record.ts';
import { ROW, type Piece, type SessionFormat } from './format.ts';

const COLUMNS: readonly (readonly [string, (session: ExportSession) => string | number | boolean | null])[] = [
  // The original's, in its order; without those that nobody has.
  ['Session ID', ({ id }) => id],
  ['External ID', ({ externalId }) => externalId],
  ['Source', ({ source }) => source],
  ['Title', ({ title }) => title],
  ['Project Name', ({ projectName }) => projectName],
  ['Project Path', ({ projectPath }) => projectPath],
  ['Model', ({ model }) => model],
  ['Provider', ({ provider }) => provider],
  ['Prompt Tokens', ({ promptTokens }) => promptTokens],
  ['Completion Tokens', ({ completionTokens }) => completionTokens],
  ['Total Tokens', ({ totalTokens }) => totalTokens],
  ['Cost', ({ cost }) => cost],
  ['Duration (ms)', ({ durationMs }) => durationMs],
  ['Message Count', ({ messageCount }) => messageCount],
  ['Visibility', ({ visibility }) => visibility],
  ['Created At', ({ createdAt }) => isoTime(createdAt)],
  ['Updated At', ({ updatedAt }) => isoTime(updatedAt)],
  ['Cache Read Tokens', ({ cacheReadTokens }) => cacheReadTokens],
  ['Cache Write Tokens', ({ cacheWriteTokens }) => cacheWriteTokens],
  ['Reasoning Tokens', ({ reasoningTokens }) => reasoningTokens],
  ['Tool Calls', ({ toolCallCount }) => toolCallCount],
  ['User ID', ({ userId }) => userId],
  ['Eval Ready', ({ evalReady }) => evalReady],
  ['Eval Status', ({ evalStatus }) => evalStatus],
  ['Eval Tags', ({ evalTags }) => evalTags.join('; ')],
  ['Eval Notes', ({ evalNotes }) => evalNotes],
  ['Expected Output', ({ expectedOutput }) => expectedOutput],
];

/** A spreadsheet takes a cell that begins like this for a formula, and so for code; also behind blanks and in full width. */
const FORMULA = /^[\s\u00a0\ufeff]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20|%]/;
/** Everything but line feeds and tabs; spreadsheets and terminals interpret them. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** A cell of RFC 4180 that no spreadsheet takes for a formula. */
export function csvCell(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const isFormula = FORMULA.test(value);
  const text = value.replaceAll('\r\n', '\n').replace(CONTROLS, ' ');
  const inert = isFormula ? `'${text}` : text;
  return /[",\n\t;']/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

export const csv: SessionFormat = {
  kind: 'sessions',
  name: 'csv',
  meaning: 'a table of the sessions, without messages; formulas are neutralised',
  mediaType: 'text/csv; charset=utf-8; header=present',
  extension: 'csv',
  framing: 'text',
  readsMessages: false,
  head: () => `${COLUMNS.map(([name]) => csvCell(name)).join(',')}\r\n`,
  *rows(session): Generator<Piece> {
    yield ROW;
    yield `${COLUMNS.map(([, value]) => csvCell(value(session))).join(',')}\r\n`;
  },
};
