import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Marked } from 'marked';
import { API_PAGE_STYLE } from '../api/page.style.ts';
import { anchorOf, plain, slugOf, type DocPage } from './pages.ts';

const STYLE = `${API_PAGE_STYLE}
h2, nav > ul > li { text-transform: none; }
pre { background: var(--code); border-radius: 6px; padding: .8rem 1rem; overflow-x: auto; }
pre code { background: none; padding: 0; overflow-wrap: normal; }
h1, h2, h3, h4 { scroll-margin-top: 1rem; }
[aria-current] { font-weight: 600; }
`;

/** The pages load and run nothing. */
export const DOCS_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** From a page to the root of the server. Links are relative: a proxy may publish the server below a path. */
function rootOf(slug: string): string {
  return '../'.repeat(slug.split('/').length);
}

/** A page as HTML, with links to the others. Pure. */
export function renderPage(page: DocPage, pages: readonly DocPage[]): string {
  return layout(page.title, htmlOf(page, pages), pages, page.slug);
}

/** The list of all pages as HTML. Pure. */
export function renderContents(pages: readonly DocPage[]): string {
  const items = pages.map(({ slug, title, summary }) => {
    const about = summary === '' ? '' : `<br>${escape(summary)}`;
    return `<li><a href="docs/${escape(slug)}">${escape(title)}</a>${about}</li>`;
  });
  const search =
    'Search these pages by words and by meaning: <code>GET /docs/search?q=…</code> with your API key. Every page is also there as Markdown, at its address with <code>.md</code>; <a href="llms.txt">llms.txt</a> lists them for agents.';
  return layout('Documentation', `<h1>Documentation</h1><p>${search}</p><ul>${items.join('')}</ul>`, pages);
}

function layout(title: string, body: string, pages: readonly DocPage[], current?: string): string {
  const root = current === undefined ? './' : rootOf(current);
  // Decisions are many, and reached from the pages that they explain.
  const shown = pages.filter(({ slug }) => !slug.includes('/') || slug === current);
  const links = shown.map(
    ({ slug, title: name }) =>
      `<li><a href="${root}docs/${escape(slug)}"${slug === current ? ' aria-current="page"' : ''}>${escape(name)}</a></li>`,
  );
  const markdown =
    current === undefined ? '' : `<li><a href="${root}docs/${escape(current)}.md">This page as Markdown</a></li>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} · OpenSync</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<nav aria-label="Documentation"><a href="${root}">OpenSync</a><ul><li><a href="${root}docs">All pages</a></li><li><a href="${root}docs/api">API reference</a></li>${links.join('')}${markdown}</ul></nav>
<main>
${body}
</main>
</body>
</html>
`;
}

/** HTML in the Markdown is shown as text; of images only what they show, because the page loads nothing. */
function htmlOf(page: DocPage, pages: readonly DocPage[]): string {
  const slugs = new Set(pages.map(({ slug }) => slug));
  const anchors = new Map<string, number>();
  const marked = new Marked({
    renderer: {
      html: ({ text }) => escape(text),
      image: ({ text }) => escape(text),
      heading({ depth, text, tokens }) {
        return `<h${depth} id="${escape(uniqueAnchor(text, anchors))}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        return `<a href="${escape(addressOf(href, page, slugs))}">${this.parser.parseInline(tokens)}</a>`;
      },
    },
  });
  return marked.parse(page.markdown, { async: false });
}

function uniqueAnchor(heading: string, anchors: Map<string, number>): string {
  const anchor = anchorOf(plain(heading));
  const repeated = anchors.get(anchor) ?? 0;
  anchors.set(anchor, repeated + 1);
  return repeated === 0 ? anchor : `${anchor}-${repeated}`;
}

/** The address of a linked page on this server; for a file that is not a page, the current page: only clones have the file. */
function addressOf(href: string, page: DocPage, slugs: ReadonlySet<string>): string {
  if (/^(?:https?:|mailto:|#|\/\/)/.test(href)) return href;
  const root = rootOf(page.slug);
  if (href.startsWith('/')) return root + href.slice(1);
  const [path = '', fragment] = href.split('#');
  const slug = slugOf(posix.join(posix.dirname(page.file), path));
  if (!slugs.has(slug)) return `${root}docs/${page.slug}`;
  return `${root}docs/${slug}${fragment === undefined ? '' : `#${fragment}`}`;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ESCAPES[character]!);
}
