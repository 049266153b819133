import type { Reader, SessionState } from '@opensync/contracts';
import type { DocumentStore, SearchStore } from '@opensync/stores';

/** Ids that are looked up in one read, so that others can read in between. */
const LOOKED_UP_AT_ONCE = 2_000;
/** If hits are hidden, an index is asked again for this many times as many, */
const MORE = 4;
/** and at most this often. */
const ROUNDS = 3;

/**
 * Removes hits that the reader may not see. An index lags behind the documents: a session that has become private or
 * deleted still has rows there for moments. Nothing may be derived from such a hit, so hits are removed before
 * anything uses them. Each session is looked up once per answer.
 */
export class VisibleHits {
  readonly #documents: Pick<DocumentStore, 'sessionsById' | 'visibleIds'>;
  readonly #reader: Reader;
  readonly #states = new Map<string, SessionState | undefined>();
  readonly #failures = new Set<unknown>();

  constructor(documents: Pick<DocumentStore, 'sessionsById' | 'visibleIds'>, reader: Reader) {
    this.#documents = documents;
    this.#reader = reader;
  }

  /** Whether the documents threw this error, not the index. */
  isFailure(error: unknown): boolean {
    return this.#failures.has(error);
  }

  /** Of a session that a visible hit names. */
  state(sessionId: string): SessionState {
    return this.#states.get(sessionId)!;
  }

  /** Those of these sessions that the reader may not see. */
  async hidden(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const hidden = new Set(ids);
    try {
      for (let at = 0; at < ids.length; at += LOOKED_UP_AT_ONCE) {
        const some = ids.slice(at, at + LOOKED_UP_AT_ONCE);
        for (const id of await this.#documents.visibleIds(this.#reader, some)) hidden.delete(id);
      }
      return hidden;
    } catch (error) {
      this.#failures.add(error);
      throw error;
    }
  }

  /** The best `limit` visible hits. Hidden ones do not count: `find` is asked for more instead. */
  async best<Hit extends { readonly sessionId: string }>(
    limit: number,
    find: (limit: number) => Promise<readonly Hit[]>,
  ): Promise<Hit[]> {
    for (let round = 1, asked = limit; ; round++, asked *= MORE) {
      const hits = await find(asked);
      await this.#lookUp(hits.map(({ sessionId }) => sessionId));
      const visible = hits.filter(({ sessionId }) => this.#states.get(sessionId) !== undefined);
      if (visible.length >= limit || hits.length < asked || round === ROUNDS) return visible.slice(0, limit);
    }
  }

  /** The store as if it had only visible rows. */
  of(store: SearchStore): Pick<SearchStore, 'search' | 'searchPartly' | 'counts'> {
    const search: SearchStore['search'] = (reader, query) =>
      this.best(query.limit, (limit) => store.search(reader, { ...query, limit }));
    return {
      search,
      searchPartly: (reader, query) =>
        this.best(query.limit, (limit) => store.searchPartly(reader, { ...query, limit })),
      counts: async (reader, terms, options) => {
        const counts = await store.counts(reader, terms, options);
        if (![...this.#states.values()].includes(undefined)) return counts;
        // Some counted rows are hidden: a word counts only if a visible session has it.
        const isVisible = async (term: (typeof terms)[number]) =>
          (await search(reader, { parsed: { all: [term], none: [] }, filter: {}, limit: 1, ...options })).length > 0;
        return Promise.all(
          terms.map(async (term, at) => (counts[at]! > 0 && (await isVisible(term)) ? counts[at]! : 0)),
        );
      },
    };
  }

  async #lookUp(ids: readonly string[]): Promise<void> {
    const unknown = ids.filter((id) => !this.#states.has(id));
    if (unknown.length === 0) return;
    try {
      const found = await this.#documents.sessionsById(this.#reader, unknown);
      for (const id of unknown) this.#states.set(id, found.get(id));
    } catch (error) {
      this.#failures.add(error);
      throw error;
    }
  }
}
