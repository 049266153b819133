import { canRead, distinctive, type Closeness } from '@opensync/platform';
import type { ParsedQuery } from '@opensync/stores';
import { isShort } from './fusion.ts';

/** What is near to a query in meaning, as far as the model can tell. */
export class CloseMatches {
  readonly #closeness: Closeness;
  readonly #parsed: ParsedQuery;
  #hasNear = false;
  #hasClose = false;

  constructor(closeness: Closeness, parsed: ParsedQuery) {
    this.#closeness = closeness;
    this.#parsed = parsed;
  }

  /** Whether the model reads the query; otherwise all passages are equally near. */
  get isReadable(): boolean {
    return canRead(this.#closeness, this.#parsed.meaning);
  }

  /** Something is nearest to the query, but nothing is close; or the model cannot read it. */
  get areNone(): boolean {
    return !this.isReadable || (this.#hasNear && !this.#hasClose);
  }

  /** Whether the floor depends on whether the words occur anywhere. */
  get mayBeUnknown(): boolean {
    const { floor, floorOfUnknown } = this.#closeness;
    return isShort(this.#parsed) && floorOfUnknown > floor;
  }

  /** What to look for: the vector of the query without what all queries have in common. */
  distinctive(vector: Float32Array): Float32Array {
    return distinctive(vector, this.#closeness.common);
  }

  /** The close ones of the nearest hits. */
  of<Hit extends { readonly score: number }>(hits: readonly Hit[], { occur }: { readonly occur: boolean }): Hit[] {
    const floor = occur ? this.#closeness.floor : this.#closeness.floorOfUnknown;
    const close = hits.filter(({ score }) => score >= floor);
    this.#hasNear ||= hits.length > 0;
    this.#hasClose ||= close.length > 0;
    return close;
  }
}
