import { isRetryable, type Logger } from '@opensync/platform';
import { chunkText } from '@opensync/stores';
import { type z } from 'zod';
import { inQuery, limitOf, onlyFields } from '../input.ts';
import { choiceOf, requiredText } from '../parameters.ts';
import type { QueryResources } from '../resources.ts';
import { fuseRanks } from '../search/fusion.ts';
import { embeddedText, passageSnippet, type DocPassage, type DocsIndex, type DocsSnapshot } from './docs-index.ts';

/** Query string of `GET /docs/search`. */
export const searchDocsSchema = onlyFields({
  q: requiredText(1_000, 'What to look for in the documentation'),
  type: choiceOf(['fulltext', 'semantic', 'hybrid'], 'hybrid', 'Search by keyword, by meaning, or both'),
  limit: inQuery(limitOf(50, 10)),
});
export type SearchDocs = z.infer<typeof searchDocsSchema>;

type Side = 'fulltext' | 'semantic';

export interface DocHit {
  readonly id: string;
  /** The title of the page. */
  readonly title: string;
  readonly heading: string;
  /** The address of the section on this server. */
  readonly url: string;
  /** The address of the page as Markdown. */
  readonly markdownUrl: string;
  /** HTML: hits in `<mark>`, the rest escaped. */
  readonly snippet: string;
  /** Higher is better; comparable only within one answer. */
  readonly score: number;
  readonly matchedIn: readonly Side[];
}

export interface DocsAnswer {
  readonly results: readonly DocHit[];
  /** A side that could not answer; its meanings may still be computed. */
  readonly degraded?: readonly Side[];
}

/** Of each side, before they are fused. */
const DEPTH = 50;
/** A section below this similarity has nothing to do with the query. */
const LEAST_COSINE = 0.2;
const EMBED_TIMEOUT_MS = 3_000;
/** For the passages, which nobody waits for. */
const EMBED_PASSAGES_TIMEOUT_MS = 60_000;
const TEXTS_AT_ONCE = 32;

/**
 * Searches the documentation by words and by meaning. The vectors of its passages are made when somebody first asks,
 * in the background, and kept in memory: about a megabyte, and less work than a day of one agent.
 */
export class DocsSearch {
  readonly #index: Pick<DocsIndex, 'current'>;
  readonly #embeddings: QueryResources['embeddings'];
  readonly #logger: Logger;
  /** By the hash of the text, so that a changed page costs only what changed. */
  #vectors = new Map<string, Float32Array>();
  #embedding: Promise<void> | undefined;

  constructor(
    index: Pick<DocsIndex, 'current'>,
    { embeddings, logger }: Pick<QueryResources, 'embeddings' | 'logger'>,
  ) {
    this.#index = index;
    this.#embeddings = embeddings;
    this.#logger = logger;
  }

  async search({ q, type, limit }: SearchDocs): Promise<DocsAnswer> {
    const docs = await this.#index.current();
    const query = q.trim();
    const rankings = new Map<Side, readonly string[]>();
    const degraded: Side[] = [];
    if (type !== 'semantic') rankings.set('fulltext', docs.find(query, DEPTH));
    if (type !== 'fulltext') {
      try {
        if (!this.#isEmbedded(docs)) degraded.push('semantic');
        rankings.set('semantic', await this.#nearest(docs, query));
      } catch (err) {
        this.#logger[isRetryable(err) ? 'warn' : 'error']({ err }, 'the documentation cannot be searched by meaning');
        if (!degraded.includes('semantic')) degraded.push('semantic');
      }
      // Something close beats nothing.
      if (type === 'semantic' && degraded.length > 0) rankings.set('fulltext', docs.find(query, DEPTH));
    }
    const results = fuseRanks(rankings)
      .slice(0, limit)
      .map(({ id, score, foundBy }) => hitOf(docs.passages.get(id)!, { query, score, foundBy }));
    return { results, ...(degraded.length > 0 && { degraded }) };
  }

  /** Resolves when the passages have vectors, or cannot get them now. */
  async embedded(): Promise<void> {
    await this.#embed(await this.#index.current());
  }

  #isEmbedded({ passages }: DocsSnapshot): boolean {
    return [...passages.values()].every(({ hash }) => this.#vectors.has(hash));
  }

  async #nearest(docs: DocsSnapshot, query: string): Promise<string[]> {
    if (!this.#isEmbedded(docs)) void this.#embed(docs);
    const [vector] = await this.#embeddings.embed([query], { role: 'query', timeoutMs: EMBED_TIMEOUT_MS });
    // Of another model: this process has switched meanwhile.
    if ([...this.#vectors.values()].some((of) => of.length !== vector!.length)) {
      this.#vectors.clear();
      void this.#embed(docs);
    }
    return [...docs.passages.values()]
      .flatMap(({ id, hash }) => {
        const of = this.#vectors.get(hash);
        return of ? [{ id, cosine: dot(of, vector!) }] : [];
      })
      .filter(({ cosine }) => cosine >= LEAST_COSINE)
      .sort((a, b) => b.cosine - a.cosine)
      .slice(0, DEPTH)
      .map(({ id }) => id);
  }

  #embed(docs: DocsSnapshot): Promise<void> {
    this.#embedding ??= this.#embedMissing(docs)
      .catch((err: unknown) =>
        this.#logger.warn({ err }, 'the documentation could not be embedded; the next search by meaning tries again'),
      )
      .finally(() => (this.#embedding = undefined));
    return this.#embedding;
  }

  async #embedMissing({ passages }: DocsSnapshot): Promise<void> {
    const all = [...passages.values()];
    const hashes = new Set(all.map(({ hash }) => hash));
    for (const hash of this.#vectors.keys()) if (!hashes.has(hash)) this.#vectors.delete(hash);
    const missing = all.filter(({ hash }) => !this.#vectors.has(hash));
    for (let at = 0; at < missing.length; at += TEXTS_AT_ONCE) {
      const group = missing.slice(at, at + TEXTS_AT_ONCE);
      // The beginning of a section says what it is about.
      const texts = group.map(({ page, section }) => chunkText(embeddedText(page, section))[0]!);
      const vectors = await this.#embeddings.embed(texts, {
        role: 'passage',
        timeoutMs: EMBED_PASSAGES_TIMEOUT_MS,
      });
      group.forEach(({ hash }, index) => this.#vectors.set(hash, vectors[index]!));
    }
  }
}

function hitOf(
  passage: DocPassage,
  { query, score, foundBy }: { query: string; score: number; foundBy: readonly Side[] },
): DocHit {
  const { id, page, section } = passage;
  const path = `/docs/${page.slug}`;
  return {
    id,
    title: page.title,
    heading: section.heading,
    url: section.anchor === '' ? path : `${path}#${encodeURIComponent(section.anchor)}`,
    markdownUrl: `${path}.md`,
    snippet: passageSnippet(passage, query),
    score,
    matchedIn: foundBy,
  };
}

/** Of vectors of unit length: the cosine. */
function dot(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += one[at]! * other[at]!;
  return sum;
}
