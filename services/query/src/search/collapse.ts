import { shinglesOf, similarity } from '../context/shingles.ts';
import type { FilledHit } from './fill-hits.ts';

/** From this similarity on, two passages tell a reader the same. */
const NEARLY_SAME = 0.85;
/** What tells texts of one form apart, such as two runs of a job. */
const NUMBERS = /[\p{L}\p{N}]*\p{N}[\p{L}\p{N}]*/gu;
/** In UTF-16. Short texts, such as "Please fix the tests", are often equal and mean something else each time. */
const SHORTEST = 80;
/** Sessions that are named at most. */
const MOST_NAMED = 20;

/** Results that say nearly the same as a better one, and are not shown. */
export interface Copies {
  readonly count: number;
  /** The first of their sessions. */
  readonly sessionIds: readonly string[];
}

export interface DistinctHit extends FilledHit {
  readonly copies?: Copies;
}

interface Kept {
  readonly hit: FilledHit;
  /** Empty of a short text, which is like no other. */
  readonly said: ReadonlySet<string>;
  readonly numbers: string;
  readonly copies: string[];
}

/**
 * The hits of a page, best first, each passage once: forks and resumed sessions repeat the history of another one, and
 * agents repeat what they were told. A hit that is left out counts for the best one that says the same.
 */
export class DistinctHits {
  readonly #kept: Kept[] = [];

  get count(): number {
    return this.#kept.length;
  }

  add(hit: FilledHit): void {
    const { text } = hit.excerpt;
    const one: Kept = {
      hit,
      said: text.length < SHORTEST ? new Set() : shinglesOf(text),
      numbers: (text.match(NUMBERS) ?? []).join(' '),
      copies: [],
    };
    const same = this.#kept.find((other) => saySame(one, other));
    if (same) same.copies.push(hit.session.id);
    else this.#kept.push(one);
  }

  hits(): DistinctHit[] {
    return this.#kept.map(({ hit, copies }) => {
      if (copies.length === 0) return hit;
      const others = new Set(copies.filter((id) => id !== hit.session.id));
      return { ...hit, copies: { count: copies.length, sessionIds: [...others].slice(0, MOST_NAMED) } };
    });
  }
}

function saySame(a: Kept, b: Kept): boolean {
  return a.numbers === b.numbers && similarity(a.said, b.said) >= NEARLY_SAME;
}
