import type { SearchDocument } from './port.ts';
import { GAP, indexText } from './index-text.ts';

/** The indexed columns, in every engine, with the weight that a hit in each has. */
export const WEIGHTS = { title: 8, text: 4, project: 3, parts: 2, tool: 1 } as const;
export type Column = keyof typeof WEIGHTS;
export const COLUMNS = Object.keys(WEIGHTS) as readonly Column[];

/** The column of identifier parts. Parts of `useState` are searched here, not in prose. */
export const PARTS_COLUMNS: readonly Column[] = ['parts', 'tool'];

/** The columns of a row's own words, beside the heading that all rows of a session repeat; `parts` has some of both. */
export const OWN_COLUMNS: readonly Column[] = ['text', 'parts', 'tool'];

/** A document as engines index it: tokens separated by single blanks. */
export function columnsOf(document: SearchDocument): Readonly<Record<Column, string>> {
  const title = indexText(document.title);
  const text = indexText(document.text);
  const project = indexText(`${document.projectName}\n${document.projectPath}`);
  const tool = indexText(document.toolText);
  return {
    title: title.words,
    text: text.words,
    project: project.words,
    parts: [title.parts, text.parts, project.parts].filter(Boolean).join(' '),
    tool: tool.parts ? `${tool.words} ${GAP} ${tool.parts}` : tool.words,
  };
}
