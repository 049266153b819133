/** A call of a tool, as a person reads it. */
export interface ToolCall {
  readonly name: string;
  /** The most telling argument in a line. */
  readonly summary: string;
  readonly command?: string;
  /** Texts that an edit replaces, one after the other. */
  readonly edits?: readonly { readonly before: string; readonly after: string }[];
  readonly patch?: string;
  readonly path?: string;
  /** Arguments that are not shown otherwise. */
  readonly rest: Readonly<Record<string, unknown>> | undefined;
  /** If the part has it itself. */
  readonly result: unknown;
}

const TELLING = [
  'description',
  'file_path',
  'filePath',
  'path',
  'command',
  'cmd',
  'pattern',
  'query',
  'url',
  'prompt',
  'name',
];
const LONGEST_SUMMARY = 200;

/** @param content of a part of the type `tool-call` */
export function readCall(content: unknown): ToolCall {
  const { toolName, args, result, ...others } = asRecord(content) ?? {};
  const given = asRecord(parsed(args ?? others['input'] ?? others['arguments']));
  const text = typeof args === 'string' && !given ? args : undefined;
  const name = typeof toolName === 'string' && toolName !== '' ? toolName : 'tool';
  const path = firstText(given, ['file_path', 'filePath', 'path', 'notebook_path']);
  const command = commandOf(given?.['command'] ?? given?.['cmd'] ?? others['command']);
  const edits = editsOf(given);
  const patch =
    firstText(given, ['patch', 'diff']) ??
    (/^\*\*\* Begin Patch|^diff --git|^--- /.test(text ?? '') ? text : undefined);
  const used = new Set([
    'old_string',
    'new_string',
    'oldString',
    'newString',
    'old_str',
    'new_str',
    'edits',
    'command',
    'cmd',
    'patch',
    'diff',
  ]);
  if (edits && !given?.['old_string']) used.add('content');
  const rest = given && Object.fromEntries(Object.entries(given).filter(([key]) => !used.has(key)));
  const summary = command ?? firstText(given, TELLING) ?? text ?? '';
  return {
    name,
    summary: summary.replace(/\s+/g, ' ').trim().slice(0, LONGEST_SUMMARY),
    ...(command !== undefined && { command }),
    ...(edits && { edits }),
    ...(patch !== undefined && { patch }),
    ...(path !== undefined && { path }),
    rest: rest && Object.keys(rest).length > 0 ? rest : undefined,
    result,
  };
}

/** Whether a tool of this name changes files. */
export function isEdit(name: string): boolean {
  return /edit|write|patch|str_replace|create_file|notebook/i.test(name) && !/todo/i.test(name);
}

/** What a tool returned, as text. */
export function resultText(content: unknown): string {
  const value = parsed(content);
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) {
    const texts = value.map((item) => (typeof item === 'string' ? item : asRecord(item)?.['text']));
    if (texts.every((text) => typeof text === 'string')) return texts.join('\n');
  }
  const record = asRecord(value);
  if (record) {
    const streams = [record['stdout'], record['stderr']].filter((text) => typeof text === 'string' && text !== '');
    if (streams.length > 0) return streams.join('\n');
    for (const name of ['result', 'output', 'content', 'text', 'aggregated_output', 'error']) {
      if (record[name] !== undefined && record[name] !== null && record[name] !== '') return resultText(record[name]);
    }
  }
  return JSON.stringify(value, undefined, 2);
}

function editsOf(args: Record<string, unknown> | undefined): ToolCall['edits'] {
  if (!args) return undefined;
  const one = editOf(args);
  if (one) return [one];
  if (Array.isArray(args['edits'])) {
    const edits = args['edits'].flatMap((item) => editOf(asRecord(item) ?? {}) ?? []);
    return edits.length > 0 ? edits : undefined;
  }
  const content = args['content'];
  const isFile = firstText(args, ['file_path', 'filePath', 'path']) !== undefined;
  return isFile && typeof content === 'string' ? [{ before: '', after: content }] : undefined;
}

function editOf(args: Record<string, unknown>): { before: string; after: string } | undefined {
  const before = firstText(args, ['old_string', 'oldString', 'old_str', 'oldText']);
  const after = firstText(args, ['new_string', 'newString', 'new_str', 'newText']);
  return before === undefined && after === undefined ? undefined : { before: before ?? '', after: after ?? '' };
}

function commandOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value.join(' ') : undefined;
}

function firstText(record: Record<string, unknown> | undefined, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = record?.[name];
    if (typeof value === 'string') return value;
  }
  return undefined;
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** Some clients send JSON as text. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
