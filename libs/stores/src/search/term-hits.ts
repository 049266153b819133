import { graphemeBorder } from './graphemes.ts';
import { isNear } from './near.ts';
import type { NormalText } from './normal.ts';
import type { QueryTerm } from './query.ts';
import { fold, withoutEmojiStyles, words, type Token, type Word } from './tokens.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Hit extends Span {
  /** Index of the query's term. */
  readonly term: number;
}

/** A term of a query, prepared once for all texts in which it is looked for. */
export interface Sought {
  /** Index of the query's term. */
  readonly index: number;
  readonly term: QueryTerm;
  /** Folded words, one of these in order: what a hit shows. None is empty. */
  readonly phrases: readonly (readonly string[])[];
  /** A hit may go on in the next word. */
  readonly isPhrase: boolean;
  readonly isNear?: (word: string) => boolean;
}

/** How far a hit that begins in a span may reach beyond it, and how far a word is followed to its border. */
const OVERLAP = 128;
const ASCII = /^[\x00-\x7f]*$/;
const BLANK = /\s/;

export function soughtOf(terms: readonly QueryTerm[]): Sought[] {
  return terms.map((term, index) => {
    const { words: whole, parts, near, prefix, forms = [] } = term;
    // Of what is near, the first letter is all that is certain.
    if (near)
      return { index, term, phrases: [[whole[0]!.slice(0, 1)]], isPhrase: false, isNear: isNear(whole[0]!, prefix) };
    const phrases = [whole, ...(parts ? [parts] : []), ...forms.map((form) => [form])];
    return {
      index,
      term,
      phrases: phrases.map((words) => words.map(fold)),
      isPhrase: phrases.some(({ length }) => length > 1),
    };
  });
}

/** A normal text, prepared once for all spans in which hits are looked for. */
export interface Searched {
  readonly text: string;
  /** In lower case, which is all that folding does to ASCII; absent for other texts. */
  readonly lower: string | undefined;
}

export function searchedText({ text, isAscii }: Pick<NormalText, 'text' | 'isAscii'>): Searched {
  return { text, lower: isAscii ? text.toLowerCase() : undefined };
}

/**
 * The hits that begin in a span of a normal text, by their beginning; of those that begin together the longest first.
 * Undefined if nothing there looks like one. Only what stands between the blanks around the beginning of a possible hit
 * is split into words, because that takes far longer than looking for the beginning: no word holds a blank.
 */
export function hitsBetween(searched: Searched, span: Span, sought: readonly Sought[]): Hit[] | undefined {
  const stretches = stretchesOf(searched, span, sought);
  if (stretches.length === 0) return undefined;
  const { text } = searched;
  const hits: Hit[] = [];
  // The hits of a single word stand at the same place.
  let inOrder = true;
  for (const stretch of stretches) {
    const plain = plainWordIn(text, stretch);
    if (!plain) inOrder = false;
    const found = plain ? hitsOfWord(plain, sought) : hitsOf(text, stretch, sought);
    for (const hit of found) if (hit.start >= span.start && hit.start < span.end) hits.push(hit);
  }
  return inOrder ? hits : hits.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** The parts of a span that may have hits, in order; they do not overlap. */
function stretchesOf({ text, lower }: Searched, span: Span, sought: readonly Sought[]): Span[] {
  const found = placesIn(text, lower, span, sought);
  const stretches: { start: number; end: number }[] = [];
  let last: { start: number; end: number } | undefined;
  for (const { start: first, end: after, isPhrase } of found) {
    const start = blankBefore(text, first);
    const end = isPhrase ? blankAfter(text, after + OVERLAP) : blankAfter(text, after);
    if (last && start <= last.end) last.end = Math.max(end, last.end);
    else stretches.push((last = { start, end }));
  }
  return stretches;
}

interface Place extends Span {
  readonly isPhrase: boolean;
}

/** Where hits may begin, in order. */
function placesIn(text: string, lower: string | undefined, span: Span, sought: readonly Sought[]): Place[] {
  const end = span.end + OVERLAP;
  if (lower !== undefined) return placesOf(lower.slice(span.start, end), span, sought);
  const piece = text.slice(span.start, end);
  return ASCII.test(piece) ? placesOf(piece.toLowerCase(), span, sought) : runsOf(text, span, piece, sought);
}

/** @param lower the text from the beginning of the span on */
function placesOf(lower: string, { start, end }: Span, sought: readonly Sought[]): Place[] {
  const places: Place[] = [];
  let found = 0;
  for (const { phrases } of sought) {
    for (const phrase of phrases) {
      const first = phrase[0]!;
      const isPhrase = phrase.length > 1;
      const before = places.length;
      for (let at = lower.indexOf(first); at >= 0 && start + at < end;) {
        const after = at + first.length;
        if (!isPhrase || hasAllSoon(lower, phrase, after))
          places.push({ start: start + at, end: start + after, isPhrase });
        at = lower.indexOf(first, after);
      }
      if (places.length > before) found += 1;
    }
  }
  return found > 1 ? places.sort((a, b) => a.start - b.start) : places;
}

/** Whether the other words of a phrase may follow its first one. */
function hasAllSoon(lower: string, [, ...others]: readonly string[], after: number): boolean {
  const next = lower.slice(after, after + OVERLAP);
  return others.every((word) => next.includes(word));
}

/** Folding may move offsets, but not over blanks. */
function runsOf(text: string, { start, end }: Span, piece: string, sought: readonly Sought[]): Place[] {
  const begun = (run: string) => sought.filter(({ phrases }) => phrases.some(([first]) => run.includes(first!)));
  if (begun(folded(piece)).length === 0) return [];
  const from = blankBefore(text, start);
  const places: Place[] = [];
  for (const { 0: run, index } of text.slice(from, end + OVERLAP).matchAll(/\S+/g)) {
    if (from + index >= end) break;
    const found = begun(folded(run));
    const isPhrase = found.some((one) => one.isPhrase);
    if (found.length > 0) places.push({ start: from + index, end: from + index + run.length, isPhrase });
  }
  return places;
}

function folded(text: string): string {
  return fold(withoutEmojiStyles(text));
}

/** Where to begin, so that no word is cut in its middle and taken for another word. */
function blankBefore(text: string, from: number): number {
  const reach = Math.max(0, from - OVERLAP);
  for (let at = from; at > reach; at -= 1) if (isBlank(text.charCodeAt(at - 1))) return at;
  return reach === 0 ? 0 : graphemeBorder(text, reach);
}

function blankAfter(text: string, to: number): number {
  const reach = Math.min(text.length, to + OVERLAP);
  for (let at = to; at < reach; at += 1) if (isBlank(text.charCodeAt(at))) return at;
  return reach;
}

function isBlank(code: number): boolean {
  return code < 0x80 ? code === 0x20 || (code >= 9 && code <= 13) : BLANK.test(String.fromCharCode(code));
}

/** Around a word of small letters, punctuation that belongs to no word. */
const BEFORE_WORD = codesOf(`"'(`);
const AFTER_WORD = codesOf(`"'),;:!?.`);
/** A longer one may be noise. */
const LONGEST_PLAIN = 39;

function codesOf(characters: string): readonly boolean[] {
  const codes: boolean[] = Array.from({ length: 128 }, () => false);
  for (let at = 0; at < characters.length; at += 1) codes[characters.charCodeAt(at)] = true;
  return codes;
}

function isSmallLetter(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

/** The word that is all of a stretch, as most of prose is: to look for the words and their parts costs far more than its hits. */
function plainWordIn(text: string, stretch: Span): Token | undefined {
  if (stretch.end - stretch.start > LONGEST_PLAIN) return undefined;
  let { start } = stretch;
  while (start < stretch.end && BEFORE_WORD[text.charCodeAt(start)]) start += 1;
  let end = start;
  while (end < stretch.end && isSmallLetter(text.charCodeAt(end))) end += 1;
  if (end === start) return undefined;
  for (let at = end; at < stretch.end; at += 1) if (!AFTER_WORD[text.charCodeAt(at)]) return undefined;
  return { text: text.slice(start, end), start, end };
}

/** The same hits as those of {@link hitsOf}, which finds a word without parts once by itself and once as its own part. */
function hitsOfWord(word: Token, sought: readonly Sought[]): Hit[] {
  const { start, end } = word;
  const hits: Hit[] = [];
  for (const { index, term, isNear } of sought) {
    const hit = { start, end, term: index };
    const { words, parts = words, forms } = term;
    if (isPlainMatch(word, term, words, isNear)) hits.push(hit);
    if (isPlainMatch(word, term, parts, isNear)) hits.push(hit);
    if (forms) for (const form of forms) if (form === word.text) hits.push(hit, hit);
  }
  return hits;
}

function isPlainMatch(
  { text }: Token,
  { prefix }: QueryTerm,
  phrase: readonly string[],
  isNear: Sought['isNear'],
): boolean {
  if (isNear) return isNear(text);
  return phrase.length === 1 && (text === phrase[0] || (prefix && text.startsWith(phrase[0]!)));
}

function hitsOf(text: string, stretch: Span, sought: readonly Sought[]): Hit[] {
  const found = words(text.slice(stretch.start, stretch.end));
  const within = (word: Word, tokens: readonly Token[]) =>
    tokens.map((token) => ({ ...token, start: word.start + token.start, end: word.start + token.end }));
  const parts = found.flatMap((word) => {
    if (word.continued) return [];
    return word.parts.length > 0 ? within(word, word.parts) : [word];
  });
  const joins = found.flatMap((word) => within(word, word.joins));
  return sought.flatMap((one) => {
    const { index, term } = one;
    return [
      ...matches(found, one, term.words),
      ...matches(parts, one, term.parts ?? term.words),
      ...(term.words.length === 1 ? matches(joins, one, term.words) : []),
      ...(term.forms ?? []).flatMap((form) => matches([...found, ...parts, ...joins], AS_IT_IS, [form])),
    ].map(({ start, end }) => ({ start: stretch.start + start, end: stretch.start + end, term: index }));
  });
}

interface Fitting {
  readonly term: Pick<QueryTerm, 'prefix'>;
  readonly isNear?: (word: string) => boolean;
}
const AS_IT_IS: Fitting = { term: { prefix: false } };

/** Where `phrase` stands in `tokens`, from its first token's start to its last one's end. */
function matches(tokens: readonly Token[], { term: { prefix }, isNear }: Fitting, phrase: readonly string[]): Span[] {
  if (isNear) return tokens.filter(({ text }) => isNear(text));
  const last = phrase.length - 1;
  const fits = (at: number, offset: number) => {
    const token = tokens[at + offset]!.text;
    return token === phrase[offset] || (prefix && offset === last && token.startsWith(phrase[offset]!));
  };
  const found: Span[] = [];
  for (let at = 0; at + last < tokens.length; at += 1) {
    let offset = 0;
    while (offset <= last && fits(at, offset)) offset += 1;
    if (offset > last) found.push({ start: tokens[at]!.start, end: tokens[at + last]!.end });
  }
  return found;
}
