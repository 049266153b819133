import { createHash } from 'node:crypto';
import { AppError } from '@opensync/platform';
import { invalidCursor } from '../sessions/cursors.ts';
import type { SearchRequest } from './search-request.ts';

/** Results of a search in all: its cursor remembers every one of them. */
export const MOST_RESULTS = 500;

/** Of an id after its prefix: 40 bits, so that two of a few hundred hits are never confused. */
const TOKEN_CHARACTERS = 8;
const PREFIX = /^[a-z]+_/;
const CURSOR = /^([\w-]{8})\.((?:[0-9a-z]{8})+)$/;

/** The hits that earlier pages of a search have shown. */
export class ShownHits {
  readonly #search: string;
  readonly #tokens: Set<string>;

  /** @throws AppError INVALID_REQUEST for a cursor of another search, or of the last result that a search has */
  constructor(request: Pick<SearchRequest, 'query' | 'type' | 'level' | 'filters' | 'cursor'>) {
    this.#search = digestOf(request);
    this.#tokens = new Set();
    if (request.cursor === undefined) return;
    const [, search, tokens = ''] = CURSOR.exec(request.cursor) ?? [];
    if (search !== this.#search) throw invalidCursor('cursor');
    this.#tokens = new Set(tokens.match(/.{8}/g));
    if (this.#tokens.size < MOST_RESULTS) return;
    const message = `is behind the last result: a search has at most ${MOST_RESULTS}; use more words or filters`;
    throw new AppError('INVALID_REQUEST', 'The search has no more results', { details: [{ path: 'cursor', message }] });
  }

  get count(): number {
    return this.#tokens.size;
  }

  has(id: string): boolean {
    return this.#tokens.has(tokenOf(id));
  }

  /** The cursor behind these hits. */
  cursorAfter(ids: readonly string[]): string {
    return `${this.#search}.${[...this.#tokens, ...ids.map(tokenOf)].join('')}`;
  }
}

function tokenOf(id: string): string {
  return id.replace(PREFIX, '').slice(0, TOKEN_CHARACTERS);
}

function digestOf({
  query,
  type,
  level,
  filters,
}: Pick<SearchRequest, 'query' | 'type' | 'level' | 'filters'>): string {
  const set = Object.entries(filters).filter(([, value]) => value !== undefined);
  const said = JSON.stringify([query, type, level, set.sort(([a], [b]) => (a < b ? -1 : 1))]);
  return createHash('sha256').update(said).digest('base64url').slice(0, 8);
}
