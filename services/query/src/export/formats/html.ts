import { createHash } from 'node:crypto';
import { isoTime, type ExportMessage, type ExportSession } from '../record.ts';
import { ROW, type Piece, type SessionFormat } from './format.ts';
import { textOfJson } from './json-text.ts';
import { propertiesOf } from './properties.ts';
import { printable } from './markdown.ts';

const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
article+article{border-top:3px solid;margin-top:4rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dd{margin:0}
section{margin:1.5rem 0;padding:.2rem 1rem;border-left:4px solid gray;unicode-bidi:isolate}
section.user{border-color:royalblue}section.assistant{border-color:seagreen}
pre,.text{white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate}pre{font-size:.85rem}
h2{font-size:1rem;margin:.5rem 0}time{font-weight:normal;opacity:.7}`;

const HASH = createHash('sha256').update(STYLE).digest('base64');
/** Nothing may load, run, or be sent anywhere. */
export const HTML_POLICY = `default-src 'none'; style-src 'sha256-${HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox`;
/** A policy in a document knows fewer directives. */
const META_POLICY = `default-src 'none'; style-src 'sha256-${HASH}'; base-uri 'none'; form-action 'none'`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/** One file for reading, without scripts, links and anything that loads. */
export const html: SessionFormat = {
  kind: 'sessions',
  name: 'html',
  meaning: 'one file for reading in a browser; nothing in it can run or load anything',
  mediaType: 'text/html; charset=utf-8',
  extension: 'html',
  framing: 'text',
  readsMessages: true,
  head: ({ exportedAt }) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${META_POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>OpenSync export of ${isoTime(exportedAt).slice(0, 10)}</title>
<style>${STYLE}</style>
</head>
<body>
`,
  foot: () => '</body>\n</html>\n',
  async *rows(session, messages, { includeTools, includeSystem }): AsyncGenerator<Piece> {
    yield ROW;
    yield `<article>\n<h1 dir="auto">${escapeHtml(session.title ?? 'Untitled session')}</h1>\n${properties(session)}\n`;
    for await (const message of messages) {
      if (message.role === 'system' && !includeSystem) continue;
      yield section(message, includeTools);
    }
    yield '</article>\n';
  },
};

function properties(session: ExportSession): string {
  const shown = propertiesOf(session);
  return `<dl>${shown.map(([name, value]) => `<dt>${name}</dt><dd dir="auto">${escapeHtml(value)}</dd>`).join('')}</dl>`;
}

function section(
  { role, text, reasoning, toolCalls, toolResults, media, createdAt, shortened }: ExportMessage,
  withTools: boolean,
): string {
  const blocks: string[] = [];
  const details = (title: string, content: string) =>
    blocks.push(
      `<details><summary>${escapeHtml(title)}</summary><pre dir="auto">${escapeHtml(content)}</pre></details>`,
    );
  if (reasoning !== '') details('Reasoning', reasoning);
  if (text !== '') blocks.push(`<div class="text" dir="auto">${escapeHtml(text)}</div>`);
  for (const { name, args, result } of withTools ? toolCalls : []) {
    details(`Tool call: ${name}`, typeof args === 'string' ? args : JSON.stringify(args, undefined, 2));
    if (result) details(result.isError ? 'Result (error)' : 'Result', textOfJson(result.content));
  }
  for (const { content } of withTools ? toolResults : []) details('Result', textOfJson(content));
  for (const { name, mediaType } of media)
    blocks.push(`<p>File: ${escapeHtml(name ?? mediaType)} (${escapeHtml(mediaType)})</p>`);
  if (shortened > 0) blocks.push(`<p>${shortened} large contents are shortened.</p>`);
  if (blocks.length === 0) return '';
  const time = isoTime(createdAt);
  return `<section class="${role}">\n<h2>${role} <time datetime="${time}">${time.slice(0, 16).replace('T', ' ')}</time></h2>\n${blocks.join('\n')}\n</section>\n`;
}
