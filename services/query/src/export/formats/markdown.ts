import type { ExportMessage, ExportSession, Json } from '../record.ts';
import { ROW, type Piece, type SessionFormat } from './format.ts';
import { textOfJson } from './json-text.ts';
import { propertiesOf } from './properties.ts';

/** A document for reading, with what a renderer of Markdown could run or load taken out. */
export const markdown: SessionFormat = {
  kind: 'sessions',
  name: 'markdown',
  meaning: 'documents for reading; HTML, remote images and scripts in texts are made inert',
  mediaType: 'text/markdown; charset=utf-8',
  extension: 'md',
  framing: 'text',
  readsMessages: true,
  async *rows(session, messages, { includeTools, includeSystem }): AsyncGenerator<Piece> {
    yield ROW;
    yield `# ${oneLine(session.title ?? 'Untitled session')}\n\n${propertyTable(session)}\n`;
    for await (const message of messages) {
      if (message.role === 'system' && !includeSystem) continue;
      yield messageMarkdown(message, includeTools);
    }
    yield '\n';
  },
};

function propertyTable(session: ExportSession): string {
  const shown = propertiesOf(session);
  return [
    '| Property | Value |',
    '| --- | --- |',
    ...shown.map(([name, value]) => `| ${name} | ${oneLine(value)} |`),
    '',
  ].join('\n');
}

const ROLES = { user: 'User', assistant: 'Assistant', system: 'System', tool: 'Tool' } as const;

function messageMarkdown(
  { role, text, reasoning, toolCalls, toolResults, media, shortened }: ExportMessage,
  withTools: boolean,
): string {
  const blocks: string[] = [];
  if (reasoning !== '') blocks.push(`> *Reasoning*\n${quoted(reasoning)}`);
  if (text !== '') blocks.push(inertMarkdown(text));
  for (const { name, args, result } of withTools ? toolCalls : []) {
    blocks.push(`**Tool call: ${oneLine(name)}**`, fenced(argumentText(args), 'json'));
    if (result) blocks.push(`**Result${result.isError ? ' (error)' : ''}**`, fenced(textOfJson(result.content)));
  }
  for (const { content } of withTools ? toolResults : []) blocks.push('**Result**', fenced(textOfJson(content)));
  for (const { mediaType, name } of media) blocks.push(`*File: ${oneLine(name ?? mediaType)} (${oneLine(mediaType)})*`);
  if (shortened > 0) blocks.push(`*${shortened} large contents are shortened.*`);
  return blocks.length === 0 ? '' : `\n## ${ROLES[role]}\n\n${blocks.join('\n\n')}\n`;
}

function argumentText(args: Json): string {
  return typeof args === 'string' ? args : JSON.stringify(args, undefined, 2);
}

/** In a fence that the text cannot close. */
export function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${printable(text)}\n${fence}`;
}

function quoted(text: string): string {
  return inertMarkdown(text)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}

/** For a heading or a cell: nothing in it is markup. */
function oneLine(text: string): string {
  return printable(text)
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]<>|!&#~]/g, String.raw`\$&`)
    .trim();
}

/** Without control characters other than line feeds and tabs. */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

/**
 * Only a fence at the beginning of a line: one that is indented may be part of a list, and then ends with the list, whatever follows.
 */
const FENCE = /^(`{3,}|~{3,})(.*)$/;
const END_OF_FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*$/;

/**
 * Markdown that stays what it looks like, and does nothing: no HTML, no images, no links but to the web and to mail, no heading above a
 * message's own, and no fence that swallows what follows.
 */
export function inertMarkdown(text: string): string {
  let fence: string | undefined;
  const lines = printable(text)
    .split('\n')
    .map((line) => {
      if (fence !== undefined) {
        if (END_OF_FENCE.exec(line)?.[1]!.startsWith(fence)) fence = undefined;
        return line;
      }
      const [, mark, rest] = FENCE.exec(line) ?? [];
      if (mark !== undefined && !(mark.startsWith('`') && rest!.includes('`'))) {
        fence = mark;
        return `${line.slice(0, line.length - rest!.length)}${rest!.replace(/[<>&]/g, '')}`;
      }
      return inertLine(line);
    });
  return fence === undefined ? lines.join('\n') : [...lines, fence].join('\n');
}

function inertLine(line: string): string {
  return (
    line
      .replace(
        /^( {0,3})(#{1,6})(?=[ \t]|$)/,
        (_all, indent: string, marks: string) => indent + '#'.repeat(Math.min(6, marks.length + 2)),
      )
      // Underlined headings.
      .replace(/^ {0,3}(=+|-+)[ \t]*$/, (underline) => `\\${underline.trimStart()}`)
      // Also within code spans, where it then shows as written: a span may not be one.
      .replaceAll('<', '&lt;')
      .replaceAll('![', '!\\[')
      .replace(/\]\(\s*(?!https?:\/\/|mailto:|#)/gi, ']\\(')
      .replaceAll(']:', ']\\:')
  );
}
