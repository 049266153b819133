import { Marked } from 'marked';
import { escape, frameTables, sanitized } from '../../content/markdown.ts';
import { anchorOf, targetOf, type Target } from './documents.ts';

export interface Rendering {
  readonly slug: string;
  /** Of all pages. */
  readonly slugs: ReadonlySet<string>;
  /** The address of a link. */
  readonly hrefOf: (target: Target) => string;
}

/** Before the ids of headings, so that they are never those of elements of the console. */
export const ANCHOR = 'doc-';

/** A page of the documentation as elements, with links that stay in the console. */
export function renderDocument(markdown: string, { slug, slugs, hrefOf }: Rendering): DocumentFragment {
  const inside = new Set<string>();
  const marked = new Marked({
    renderer: {
      // Comments, such as marks of what is generated; no page has anything else.
      html: ({ text }) => (/^\s*<!--/.test(text) ? '' : escape(text)),
      image: ({ text }) => escape(text),
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        const target = targetOf(href, slug, slugs);
        if (!target) return text;
        // Absolute, as the sanitizer wants it.
        const { href: address } = new URL(hrefOf(target), location.origin);
        if ('slug' in target) inside.add(address);
        return `<a href="${escape(address)}">${text}</a>`;
      },
    },
  });
  const fragment = sanitized(marked.parse(markdown, { async: false }));
  for (const link of fragment.querySelectorAll('a')) {
    if (!inside.has(link.href)) continue;
    link.removeAttribute('target');
    link.removeAttribute('rel');
  }
  const seen = new Map<string, number>();
  for (const heading of fragment.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    const anchor = anchorOf(heading.textContent.trim());
    const repeated = seen.get(anchor) ?? 0;
    seen.set(anchor, repeated + 1);
    heading.id = ANCHOR + (repeated === 0 ? anchor : `${anchor}-${repeated}`);
    (heading as HTMLElement).tabIndex = -1;
  }
  frameTables(fragment);
  for (const part of fragment.querySelectorAll<HTMLElement>('pre, .table')) part.tabIndex = 0;
  return fragment;
}
