import { isNegation, type Typed } from './dashes.ts';
import { normalText } from './normal.ts';
import { isContraction, isStopWord } from './stop-words.ts';
import { isSingleCharacter, textsOfParts, words, type Word } from './tokens.ts';

/** A required (or excluded) term: its tokens next to each other, in this order. */
export interface QueryTerm {
  /** As it was typed, but in its normal form. */
  readonly text: string;
  readonly words: readonly string[];
  /** The same by the parts of its identifiers; absent if that is the same as `words`. */
  readonly parts?: readonly string[];
  /** Whether the last token is a prefix. */
  readonly prefix: boolean;
  /** Quoted, so it is not respelled. */
  readonly quoted?: true;
  /** A single word that also matches those that differ in one letter: see near.ts. */
  readonly near?: true;
  /** Equivalent words, for searches that accept near matches: see word-forms.ts. */
  readonly forms?: readonly string[];
  /** Its parts, if it is several words typed as one: `src/auth.ts`, or Chinese. */
  readonly pieces?: readonly QueryTerm[];
}

/**
 * A query in words that any engine can match: a session with all of `all`, and none of `none`. `-word` excludes
 * sessions, not only the messages that contain the word.
 */
export interface ParsedQuery {
  /** Without stop words, unless there is nothing else. */
  readonly all: readonly QueryTerm[];
  readonly none: readonly QueryTerm[];
  /** Nothing to look for: no words, or negations alone. */
  readonly isEmpty: boolean;
  /** How many words were typed that must be found, stop words too. */
  readonly count: number;
  /** The query has more words than a search may use: `all` then has single words, and the rarest ones count. */
  readonly long?: true;
  /** The text for the search by meaning: everything except the negations. */
  readonly meaning: string;
}

/** In UTF-16; what is pasted beyond tells no more. */
export const LONGEST_QUERY = 32 * 1024;
/**
 * Maximum number of tokens that a search uses, with those of the parts of identifiers, and those of one phrase: each
 * costs an index lookup.
 */
export const MOST_TOKENS = 64;
const MOST_PHRASE_TOKENS = 12;
/** Maximum number of words of a long query, from which the rarest are chosen. */
const MOST_CANDIDATES = 256;

/** `"Order.size()"`, `"a=b"`. */
const CODE_IN_QUOTES = /"[^"\n]*[(){}=<>;][^"\n]*"/;
/** `("x", "y")`, `name="x"`, `{ key: "x" }`. */
const QUOTES_IN_CODE = /[=({[]\s*"|[{[][^"]*:\s*"[^"]*"[^"]*[}\]]/;
const APOSTROPHE = /['’]/;
/** A quote inside a word (`react@"^18"`) opens nothing. */
const PIECES = /(?<!\S)-?"(?<phrase>[^"]*)"?|[^\s"]+/g;

/**
 * Bare words, `"phrases"`, `-not` and `-"not this phrase"`; everything else (AND, NEAR, `title:`, `*`, brackets) is
 * plain words. The last required word is a prefix unless it is quoted: people search while they type. dashes.ts
 * decides which dashes exclude. Never throws.
 */
export function parseQuery(text: string): ParsedQuery {
  const source = normalText(text.slice(0, LONGEST_QUERY)).replace(/[“”„‟]/g, '"');
  const pasted = isPasted(source);
  const pieces = typedPieces(pasted ? source.replaceAll('"', ' ') : source);
  const all: QueryTerm[] = [];
  const none: QueryTerm[] = [];
  const wanted: string[] = [];
  let last: QueryTerm | undefined;
  for (const [at, piece] of pieces.entries()) {
    const negated = isNegation(pieces, at, pasted);
    const bare = piece.quoted ? piece.text.replace(/^-?"|"$/g, '') : negated ? piece.text.slice(1) : piece.text;
    if (!negated) wanted.push(piece.quoted && piece.text.startsWith('-') ? `-${bare}` : bare);
    const term = termOf(bare, piece.quoted);
    if (!term) continue;
    (negated ? none : all).push(term);
    if (!negated) last = term;
  }
  const complete = last && !last.quoted ? [...all.slice(0, -1), asPrefix(last)] : all;
  const meaning = wanted.join(' ').replace(/\s+/g, ' ').trim() || text.trim();
  return { ...bounded(complete, none), isEmpty: all.length === 0, meaning };
}

/** Several lines, or program output: its quotes and dashes are literal. */
function isPasted(source: string): boolean {
  return source.trim().includes('\n') || CODE_IN_QUOTES.test(source) || QUOTES_IN_CODE.test(source);
}

function typedPieces(source: string): Typed[] {
  return [...source.matchAll(PIECES)].map(({ 0: text, index, groups }) => ({
    text,
    apart: index === 0 || /\s/.test(source[index - 1]!),
    quoted: groups?.phrase !== undefined,
  }));
}

/** Within what a search may look for. A word that is typed again changes nothing. */
function bounded(
  all: readonly QueryTerm[],
  none: readonly QueryTerm[],
): Pick<ParsedQuery, 'all' | 'none' | 'count' | 'long'> {
  const excluded = withinTokens(distinct(none), MOST_TOKENS / 2);
  const wanted = distinct(all);
  const count = wanted.reduce((sum, { pieces, words: [...phrase] }) => sum + (pieces?.length ?? phrase.length), 0);
  const telling = wanted.filter((term) => !isStop(term));
  const needed = telling.length > 0 ? telling : wanted;
  if (tokensOf(needed) + tokensOf(excluded) <= MOST_TOKENS) return { all: needed, none: excluded, count };
  const phrases = withinTokens(
    needed.filter(({ quoted }) => quoted),
    MOST_TOKENS / 2,
  );
  const single = distinct(needed.filter(({ quoted }) => !quoted).flatMap((term) => piecesOf(term)))
    .filter((term) => !isStop(term))
    .slice(0, MOST_CANDIDATES - phrases.length)
    .map((term) => ({ ...term, prefix: false }));
  return { all: [...phrases, ...single], none: excluded, count, long: true };
}

/** The first of them that have so many tokens together. */
export function withinTokens<Term extends QueryTerm>(terms: readonly Term[], most: number): Term[] {
  let tokens = 0;
  return terms.filter((term) => (tokens += tokensOf([term])) <= most);
}

function tokensOf(terms: readonly QueryTerm[]): number {
  return terms.reduce((sum, { words: phrase, parts = [] }) => sum + phrase.length + parts.length, 0);
}

/** The words of a term, each as a term of its own. */
export function piecesOf(term: QueryTerm): readonly QueryTerm[] {
  return term.pieces ?? [term];
}

function isStop({ text, words: phrase, quoted }: QueryTerm): boolean {
  // An option is a word, whichever it is: `-i`, `--no`.
  if (quoted || text.startsWith('-')) return false;
  const contracted = APOSTROPHE.test(text);
  return phrase.every((word) => isStopWord(word) || (contracted && isContraction(word)));
}

/** @param text in its normal form */
function termOf(text: string, quoted: boolean): QueryTerm | undefined {
  const found = words(text).slice(0, MOST_PHRASE_TOKENS);
  if (found.length === 0) return undefined;
  const term = termOfWords(text, found);
  if (quoted) return { ...term, quoted };
  if (found.length === 1) return term;
  const contracted = APOSTROPHE.test(text);
  const pieces = piecesOfWords(text, found).filter(({ words: [word] }) => !contracted || !isContraction(word!));
  return { ...term, pieces: distinct(pieces) };
}

function termOfWords(text: string, found: readonly Word[]): QueryTerm {
  const divided = found.some((word) => word.parts.length > 0);
  const parts = divided ? found.flatMap(textsOfParts).slice(0, MOST_PHRASE_TOKENS) : undefined;
  return { text, words: found.map((word) => word.text), ...(parts && { parts }), prefix: false };
}

/** Each word; of scripts without blanks each two characters that stand together, since one alone says little. */
function piecesOfWords(text: string, found: readonly Word[]): QueryTerm[] {
  const isSpaceless = (word: Word | undefined) => word !== undefined && isSingleCharacter(word.text);
  const piece = (of: readonly Word[]) => termOfWords(text.slice(of[0]!.start, of.at(-1)!.end), of);
  return found.flatMap((word, at) => {
    const [before, next] = [found[at - 1], found[at + 1]];
    if (!isSpaceless(word)) return word.continued ? [] : [piece([word])];
    if (isSpaceless(next)) return [piece([word, next!])];
    return isSpaceless(before) ? [] : [piece([word])];
  });
}

/** Not for scripts without blanks, in which a character is a token. */
function asPrefix(term: QueryTerm): QueryTerm {
  if (isSingleCharacter(term.words.at(-1)!)) return term;
  const pieces = term.pieces && [...term.pieces.slice(0, -1), { ...term.pieces.at(-1)!, prefix: true }];
  return { ...term, prefix: true, ...(pieces && { pieces }) };
}

/** The first of each, or the one that is a prefix. */
function distinct(terms: readonly QueryTerm[]): QueryTerm[] {
  const found = new Map<string, QueryTerm>();
  for (const term of terms) {
    const key = `${term.quoted ? '"' : ''}${term.words.join(' ')}`;
    if (!found.has(key) || term.prefix) found.set(key, term);
  }
  return [...found.values()];
}
