import { createHash } from 'node:crypto';
import { excerptOf, markedHtml, parseQuery } from '@opensync/stores';
import MiniSearch from 'minisearch';
import { pagesVersion, readable, readPages, type DocPage, type DocSection } from './pages.ts';

/** A section of a page, as a search finds it. */
export interface DocPassage {
  readonly id: string;
  readonly page: DocPage;
  readonly section: DocSection;
  /** Of what is embedded. */
  readonly hash: string;
}

export interface DocsSnapshot {
  readonly pages: readonly DocPage[];
  readonly passages: ReadonlyMap<string, DocPassage>;
  /** Ids of passages with the words, best first; with all of them if any has. */
  readonly find: (query: string, limit: number) => readonly string[];
}

/** A look at the files costs a stat of each. */
const LOOK_EVERY_MS = 5_000;
/** Wrong letters that a word may have, by its length: two letters that changed places count as two. */
const editsOf = (term: string) => (term.length < 5 ? 0 : term.length < 6 ? 1 : 2);
const MOST_MARKED = 64;

/** The project's documentation in memory: some hundred kilobytes, read again when a file has changed. */
export class DocsIndex {
  readonly #folder: string;
  readonly #now: () => number;
  #version: string | undefined;
  #looked = -Infinity;
  #snapshot: Promise<DocsSnapshot> | undefined;

  constructor(folder: string, now: () => number = () => performance.now()) {
    this.#folder = folder;
    this.#now = now;
  }

  async current(): Promise<DocsSnapshot> {
    if (this.#snapshot && this.#now() - this.#looked < LOOK_EVERY_MS) return this.#snapshot;
    this.#looked = this.#now();
    const version = await pagesVersion(this.#folder);
    if (version !== this.#version || !this.#snapshot) {
      this.#version = version;
      this.#snapshot = readPages(this.#folder).then(snapshotOf);
    }
    return this.#snapshot;
  }
}

function snapshotOf(pages: readonly DocPage[]): DocsSnapshot {
  const passages = new Map<string, DocPassage>();
  for (const page of pages) {
    for (const section of page.sections) {
      const id = `${page.slug}#${section.anchor}`;
      passages.set(id, { id, page, section, hash: hashOf(embeddedText(page, section)) });
    }
  }
  const index = new MiniSearch<{ id: string; title: string; heading: string; text: string }>({
    fields: ['title', 'heading', 'text'],
    searchOptions: {
      boost: { title: 2, heading: 4 },
      // Decisions explain; those who search want to know how.
      boostDocument: (id) => (String(id).startsWith('adr/') ? 0.5 : 1),
      prefix: (_term, at, terms) => at === terms.length - 1,
    },
  });
  index.addAll(
    [...passages.values()].map(({ id, page, section: { heading, text } }) => ({
      id,
      title: page.title,
      heading,
      text,
    })),
  );
  const ids = (found: readonly { id: unknown }[]) => found.map(({ id }) => String(id));
  return {
    pages,
    passages,
    find: (query, limit) => {
      const all = index.search(query, { combineWith: 'AND' });
      const some = all.length > 0 ? all : index.search(query, { fuzzy: editsOf });
      return ids(some.slice(0, limit));
    },
  };
}

/** The text that stands for the meaning of a section. */
export function embeddedText({ title }: DocPage, { heading, text }: DocSection): string {
  return `${title}\n${heading}\n${text}`;
}

/** HTML: the best place of a section for a query, with its words in `<mark>`. */
export function passageSnippet({ section }: DocPassage, query: string): string {
  return markedHtml(excerptOf([readable(section.text), section.heading], parseQuery(query).all.slice(0, MOST_MARKED)));
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
