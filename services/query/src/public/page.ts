import { Marked } from 'marked';
import { escapeHtml, inlineSource } from '../html.ts';
import { STYLE } from './page.style.ts';
import type { PublicSession } from './read-public.ts';

/** Nothing is loaded, run or framed. The page has an origin of its own, so that not even a mistake here could use a login. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  // The icon, which is empty: without one a browser asks for /favicon.ico.
  'img-src data:',
  `style-src ${inlineSource(STYLE)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  'sandbox',
].join('; ');

/** Characters of what programs that preview links show. */
const PREVIEW = 200;
/** Longer texts are shown as they are: reading them as Markdown takes too long for a page of 5,000 messages. */
const LONGEST_MARKDOWN = 16_384;
/** Texts after that time are shown as they are: anyone may ask for the page, and some texts take the parser a hundred times as long as others. */
const MOST_MARKDOWN_MS = 500;
const ROLES: Readonly<Record<string, string>> = { user: 'Prompt', assistant: 'Assistant', system: 'System' };

/** Markdown without HTML, images, and links other than http(s) and mailto. */
const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => escapeHtml(text),
    image: ({ text }) => escapeHtml(text),
    heading({ tokens }) {
      return `<p><strong>${this.parser.parseInline(tokens)}</strong></p>\n`;
    },
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
    link({ href, tokens }) {
      const text = this.parser.parseInline(tokens);
      if (!/^(https?:|mailto:)/i.test(href)) return text;
      return `<a href="${escapeHtml(href)}" rel="noopener noreferrer nofollow">${text}</a>`;
    },
    code({ text }) {
      return `<pre><code>${escapeHtml(text)}</code></pre>\n`;
    },
  },
});

/** The page of a public session. */
export function renderPublic({ title, source, model, createdAt, messages, omittedMessages }: PublicSession): string {
  const shown = title ?? 'A coding session';
  const about = [source, model ?? undefined, new Date(createdAt).toISOString().slice(0, 10)]
    .filter(Boolean)
    .join(' · ');
  const preview = (messages.find(({ role }) => role === 'assistant') ?? messages[0])?.text ?? '';
  const description = `${about} · ${preview.replace(/\s+/g, ' ').slice(0, PREVIEW).toWellFormed()}`;
  const until = performance.now() + MOST_MARKDOWN_MS;
  const articles = messages.map(({ role, text, tools = [] }) => {
    const used =
      tools.length > 0
        ? `<p class="tools">${tools.map((tool) => `<code>${escapeHtml(tool)}</code>`).join(' ')}</p>`
        : '';
    const name = ROLES[role] ?? role;
    return `<article class="${role === 'user' ? 'prompt' : 'answer'}"><h2>${escapeHtml(name)}</h2><div class="text">${textHtml(text, until)}</div>${used}</article>`;
  });
  const more = omittedMessages > 0 ? `<p class="about">${omittedMessages} more messages are not shown.</p>` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="referrer" content="no-referrer">
<meta name="description" content="${escapeHtml(description)}">
<meta property="og:type" content="article">
<meta property="og:site_name" content="OpenSync">
<meta property="og:title" content="${escapeHtml(shown)}">
<meta property="og:description" content="${escapeHtml(description)}">
<meta name="twitter:card" content="summary">
<title>${escapeHtml(shown)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(shown)}</h1>
<p class="about">${escapeHtml(about)}. Secrets, addresses, paths and the results of tools were removed.</p>
${articles.join('\n')}
${more}
</main>
</body>
</html>
`;
}

function textHtml(text: string, until: number): string {
  if (text.length <= LONGEST_MARKDOWN && performance.now() < until) {
    try {
      return marked.parse(text, { async: false });
    } catch {
      // Nested more deeply than the parser goes.
    }
  }
  return `<p class="plain">${escapeHtml(text)}</p>`;
}
