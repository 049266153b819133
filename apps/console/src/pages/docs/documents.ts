export interface DocLink {
  /** Below `/docs/`, such as `backup` or `adr/0001-fields-as-registers`. */
  readonly slug: string;
  readonly title: string;
  readonly summary: string;
}

/** The pages that `/llms.txt` lists, in its order. Pure. */
export function pagesOf(llms: string): DocLink[] {
  return [...llms.matchAll(/^- \[(.+?)\]\(docs\/([^)\s]+)\.md\)(?:: (.*))?$/gm)].map(([, title, slug, summary]) => ({
    slug: slug!,
    title: title!,
    summary: summary ?? '',
  }));
}

/** Decisions and runbooks are many, and are reached from the pages that they explain. Pure. */
export function isAside({ slug }: DocLink): boolean {
  return slug.includes('/');
}

/** Files whose pages have another name; as in services/query/src/docs/pages.ts. */
const SLUGS: Readonly<Record<string, string>> = { 'docs/api.md': 'http-api', 'SECURITY.md': 'security-policy' };
/** Pages that are files at the top of the repository; all others are in `docs`. */
const AT_THE_TOP: ReadonlySet<string> = new Set(['readme', 'architecture', 'contributing', 'security-policy']);
const ORIGIN = 'http://docs.invalid';

export type Target =
  | { readonly slug: string; readonly anchor: string }
  /** Elsewhere. */
  | { readonly url: string }
  /** On this server, outside the console. */
  | { readonly path: string };

/**
 * Where a link in a page leads; undefined if that is a file of the repository which is no page here. Pure.
 * @param slug of the page @param slugs of all pages
 */
export function targetOf(href: string, slug: string, slugs: ReadonlySet<string>): Target | undefined {
  if (/^(https?|mailto):/i.test(href)) return { url: href };
  if (href.startsWith('#')) return { slug, anchor: decoded(href.slice(1)) };
  const folder = AT_THE_TOP.has(slug) ? '' : `docs/${slug.slice(0, slug.lastIndexOf('/') + 1)}`;
  if (!URL.canParse(href, `${ORIGIN}/${folder}`)) return undefined;
  const { origin, pathname, hash } = new URL(href, `${ORIGIN}/${folder}`);
  if (origin !== ORIGIN) return undefined;
  const file = decoded(pathname).slice(1);
  const named =
    SLUGS[file] ??
    file
      .replace(/^docs\//, '')
      .replace(/\.md$/, '')
      .toLowerCase();
  if (slugs.has(named)) return { slug: named, anchor: decoded(hash.slice(1)) };
  return href.startsWith('/') ? { path: href } : undefined;
}

/** A piece of a page with its hits, from the HTML of an answer: text, hits in `<mark>`, the rest escaped. Pure. */
export function snippetOf(html: string): { readonly text: string; readonly isHit: boolean }[] {
  return html
    .split(/(<mark>.*?<\/mark>)/s)
    .filter((piece) => piece !== '')
    .map((piece) => ({
      isHit: piece.startsWith('<mark>'),
      text: piece
        .replace(/^<mark>|<\/mark>$/g, '')
        .replace(/&(#\d+|\w+);/g, (all, name: string) => CHARACTERS[name] ?? ofCode(name) ?? all),
    }));
}

const CHARACTERS: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function ofCode(name: string): string | undefined {
  const code = name.startsWith('#') ? Number(name.slice(1)) : Number.NaN;
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The fragment of a heading, as the server's own pages and GitHub have it. Pure. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
