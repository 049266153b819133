import { normalText } from './normal.ts';
import { isSingleCharacter, textsOfParts, words } from './tokens.ts';

/** What must be found (or must not): its tokens next to each other, in this order. */
export interface QueryTerm {
  readonly words: readonly string[];
  /** The same by the parts of its identifiers; absent where that is the same as `words`. */
  readonly parts?: readonly string[];
  /** Whether the last token matches whatever begins with it. */
  readonly prefix: boolean;
  /** Said to be meant as it is spelled. */
  readonly quoted?: true;
  /** A single word that also matches those that differ in one letter: see near.ts. */
  readonly near?: true;
}

/**
 * A query in words that any engine can match: a row that has all of `all`, of a session none of whose rows has any of
 * `none`. Whoever says `-word` means what was talked about, not the one message of it that does not say the word.
 */
export interface ParsedQuery {
  readonly all: readonly QueryTerm[];
  readonly none: readonly QueryTerm[];
  /** Nothing to look for: no words, or negations alone. */
  readonly isEmpty: boolean;
}

/** What is typed or pasted beyond these narrows nothing; each is far above what people type. */
const MOST_CHARACTERS = 4_096;
const MOST_TERMS = 32;
const MOST_TOKENS = 64;

const TERMS = /(?<minus>-(?=[^\s-]))?(?:"(?<phrase>[^"]*)"?|(?<bare>[^\s"]+))/g;

/**
 * Bare words, `"phrases"`, `-not` and `-"not this phrase"`; everything else (AND, NEAR, `title:`, `*`, brackets)
 * is plain words. The last word that must match is a prefix unless it is quoted: people search while they type.
 * `--flag` is a word: a negation has one dash. Never throws.
 */
export function parseQuery(text: string): ParsedQuery {
  const all: QueryTerm[] = [];
  const none: QueryTerm[] = [];
  let last: 'bare' | 'phrase' = 'phrase';
  const source = normalText(text.slice(0, MOST_CHARACTERS)).replace(/[“”„‟]/g, '"');
  for (const { groups } of source.matchAll(TERMS)) {
    const quoted = groups?.phrase !== undefined;
    const term = termOf(groups?.phrase ?? groups?.bare ?? '', quoted);
    if (!term || all.length + none.length >= MOST_TERMS) continue;
    if (groups?.minus !== undefined) {
      none.push(term);
    } else {
      all.push(term);
      last = quoted ? 'phrase' : 'bare';
    }
  }
  const open = last === 'bare' ? all.pop() : undefined;
  if (open) all.push({ ...open, prefix: !isSingleCharacter(open.words.at(-1) ?? '') });
  return { all: distinct(all), none: distinct(none), isEmpty: all.length === 0 };
}

function termOf(text: string, quoted: boolean): QueryTerm | undefined {
  const found = words(text).slice(0, MOST_TOKENS);
  if (found.length === 0) return undefined;
  const whole = found.map((word) => word.text);
  const divided = found.some((word) => word.parts.length > 0);
  const parts = found.flatMap(textsOfParts).slice(0, MOST_TOKENS);
  return { words: whole, ...(divided && { parts }), prefix: false, ...(quoted && { quoted }) };
}

function distinct(terms: readonly QueryTerm[]): QueryTerm[] {
  return [...new Map(terms.map((term) => [JSON.stringify(term), term])).values()];
}
