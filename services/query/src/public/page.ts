import { escapeHtml, inlineSource } from '../html.ts';
import type { PublicSession } from './read-public.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 48rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; overflow-wrap: anywhere; }
.about { opacity: .75; font-size: .9rem; }
article { margin: 1.5rem 0; padding-top: 1rem; border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
h2 { margin: 0 0 .5rem; font-size: .9rem; text-transform: capitalize; opacity: .75; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
`;

/** Nothing is loaded, run or framed. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${inlineSource(STYLE)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  'sandbox',
].join('; ');

/** The page of a public session: all of it is text. */
export function renderPublic({ title, source, model, createdAt, messages, omittedMessages }: PublicSession): string {
  const shown = title ?? 'A coding session';
  const about = [source, model ?? undefined, new Date(createdAt).toISOString().slice(0, 10)]
    .filter(Boolean)
    .join(' · ');
  const articles = messages.map(({ role, text, tools = [] }) => {
    const used = tools.length > 0 ? `<p class="about">Tools: ${escapeHtml(tools.join(', '))}</p>` : '';
    return `<article><h2>${escapeHtml(role)}</h2><div class="text">${escapeHtml(text)}</div>${used}</article>`;
  });
  const more = omittedMessages > 0 ? `<p class="about">${omittedMessages} more messages are not shown.</p>` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="referrer" content="no-referrer">
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
