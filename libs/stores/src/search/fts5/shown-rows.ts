import type { SearchHit } from '../port.ts';
import type { TextRange } from '../snippet.ts';

/** A row as a person sees it. */
export type ShownRow = SearchHit & { readonly row: number };

/** The same on its way to the other thread; the marks are the beginnings and ends of the highlights. */
type SentRow = readonly [
  row: number,
  sessionId: string,
  messageId: string | null,
  score: number,
  title: string,
  text: string,
  marks: readonly number[],
];

/** JSON of arrays: nested objects cost several times as much on their way, and their keys are most of their JSON. */
export function textOf(rows: readonly ShownRow[]): string {
  const sent = rows.map(
    ({ row, sessionId, messageId = null, score, title, excerpt: { text, highlights } }): SentRow => {
      const marks: number[] = [];
      for (const { start, end } of highlights) marks.push(start, end);
      return [row, sessionId, messageId, score, title, text, marks];
    },
  );
  return JSON.stringify(sent);
}

/** The rows of {@link textOf}. */
export function shownRows(text: string): ShownRow[] {
  const sent = JSON.parse(text) as readonly SentRow[];
  return sent.map(([row, sessionId, messageId, score, title, text, marks]) => {
    const highlights: TextRange[] = [];
    for (let at = 0; at < marks.length; at += 2) highlights.push({ start: marks[at]!, end: marks[at + 1]! });
    return { row, sessionId, ...(messageId !== null && { messageId }), score, title, excerpt: { text, highlights } };
  });
}
