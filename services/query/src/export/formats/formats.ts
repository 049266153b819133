import { atif } from './atif.ts';
import { chat, sharegpt } from './conversations.ts';
import { csv } from './csv.ts';
import { deepeval, inspect, langsmith, openaiApi, openaiEvals, promptfoo, ragas } from './evaluations.ts';
import type { ExportFormat } from './format.ts';
import { html } from './html.ts';
import { json, jsonl } from './json.ts';
import { markdown } from './markdown.ts';

/** Every format, each in one row. */
export const FORMATS = [
  json,
  jsonl,
  markdown,
  html,
  csv,
  atif,
  chat,
  sharegpt,
  deepeval,
  openaiEvals,
  openaiApi,
  promptfoo,
  ragas,
  langsmith,
  inspect,
] as const satisfies readonly ExportFormat[];

/** Other names: the folder of files is a document for each session, in an archive. */
export const ALIASES: Readonly<Record<string, { readonly format: string; readonly archive: 'zip' }>> = {
  filesystem: { format: 'markdown', archive: 'zip' },
  files: { format: 'markdown', archive: 'zip' },
};

export const FORMAT_NAMES = [...FORMATS.map(({ name }) => name), ...Object.keys(ALIASES)];

export function formatOf(name: string): ExportFormat {
  const wanted = ALIASES[name]?.format ?? name;
  return FORMATS.find((format) => format.name === wanted)!;
}
