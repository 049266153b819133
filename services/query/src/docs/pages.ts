import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's Markdown, in the order in which people are shown it. */
export interface DocPage {
  /** Its address below `/docs/`, such as `access` or `adr/0044-clients-see-positions`. */
  readonly slug: string;
  /** Its path in the project. */
  readonly file: string;
  readonly title: string;
  /** Its first paragraph, as plain text. */
  readonly summary: string;
  readonly markdown: string;
  readonly sections: readonly DocSection[];
}

/** What is below one heading. */
export interface DocSection {
  /** The fragment of its address, as GitHub makes it; empty for what comes before the first heading. */
  readonly anchor: string;
  readonly heading: string;
  /** Without the heading; Markdown. */
  readonly text: string;
}

/** The folder that has README.md and docs, in a clone and in the image. */
export const PROJECT_FOLDER = fileURLToPath(new URL('../../../../', import.meta.url));

const AT_THE_TOP = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'];
/** `/docs/api` is the page of the OpenAPI document, and `docs/security.md` is more than the policy of the same name. */
const SLUGS: Readonly<Record<string, string>> = { 'docs/api.md': 'http-api', 'SECURITY.md': 'security-policy' };

/** Every page of the project. Missing files and folders are left out: an image may have none. */
export async function readPages(folder: string): Promise<DocPage[]> {
  const files = [...AT_THE_TOP, ...(await markdownIn(folder, 'docs'))];
  const read = await Promise.all(
    files.map(async (file) => {
      const markdown = await readFile(join(folder, file), 'utf8').catch(() => undefined);
      return markdown === undefined ? [] : [pageOf(file, markdown)];
    }),
  );
  return read.flat();
}

/** Changes whenever a page is added, removed or written. */
export async function pagesVersion(folder: string): Promise<string> {
  const files = [...AT_THE_TOP, ...(await markdownIn(folder, 'docs'))];
  const stats = await Promise.all(
    files.map(async (file) => {
      const found = await stat(join(folder, file)).catch(() => undefined);
      return found ? `${file} ${found.mtimeMs} ${found.size}` : '';
    }),
  );
  return stats.join('\n');
}

/** The Markdown files below a folder, those at its top first. */
async function markdownIn(folder: string, below: string): Promise<string[]> {
  const entries = await readdir(join(folder, below), { recursive: true, withFileTypes: true }).catch(() => []);
  const depth = (file: string) => file.split('/').length;
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort((a, b) => depth(a) - depth(b) || a.localeCompare(b, 'en'));
}

/** The address of a file's page, below `/docs/`. */
export function slugOf(file: string): string {
  return (
    SLUGS[file] ??
    file
      .replace(/^docs\//, '')
      .replace(/\.md$/, '')
      .toLowerCase()
  );
}

/** A page from its Markdown. Pure. */
export function pageOf(file: string, markdown: string): DocPage {
  const sections = sectionsOf(markdown);
  const title = sections.find(({ heading }) => heading !== '')?.heading ?? file;
  const paragraph = sections
    .flatMap(({ text }) => text.split(/\n\s*\n/))
    .find((block) => /^[\p{L}`*[]/u.test(block.trim()) && !/^\*\*?Status/i.test(block.trim()));
  return { slug: slugOf(file), file, title, summary: plain(paragraph ?? ''), markdown, sections };
}

function sectionsOf(markdown: string): DocSection[] {
  const sections: { anchor: string; heading: string; lines: string[] }[] = [{ anchor: '', heading: '', lines: [] }];
  const anchors = new Map<string, number>();
  let fence: string | undefined;
  for (const line of markdown.split('\n')) {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1];
    if (mark !== undefined && (fence === undefined || line.trim() === fence))
      fence = fence === undefined ? mark : undefined;
    const heading = fence === undefined ? /^#{1,6} +(.*?) *#*$/.exec(line)?.[1] : undefined;
    if (heading === undefined) {
      sections.at(-1)!.lines.push(line);
      continue;
    }
    const anchor = anchorOf(plain(heading));
    const repeated = anchors.get(anchor) ?? 0;
    anchors.set(anchor, repeated + 1);
    sections.push({ anchor: repeated === 0 ? anchor : `${anchor}-${repeated}`, heading: plain(heading), lines: [] });
  }
  return sections
    .map(({ lines, ...section }) => ({ ...section, text: lines.join('\n').trim() }))
    .filter(({ heading, text }) => heading !== '' || text !== '');
}

/** The fragment that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** A section as text for people: without fences, the lines of tables and marks of lists. */
export function readable(markdown: string): string {
  return plain(
    markdown
      .replaceAll(/^[ \t]*(?:```|~~~).*$/gm, '')
      .replaceAll(/^[ \t]*\|[ \t:|-]+\|[ \t]*$/gm, '')
      .replaceAll(/^[ \t]*\|[ \t]*|[ \t]*\|[ \t]*$/gm, '')
      .replaceAll(/[ \t]+\|[ \t]+/g, ' · ')
      .replaceAll(/^[ \t]*[-*+] /gm, ''),
  );
}

/** Markdown on one line, without its marks. */
export function plain(markdown: string): string {
  return markdown
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[*`]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
