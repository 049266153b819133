import { graphemeBorder } from './graphemes.ts';
import { isNear } from './near.ts';
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

/**
 * The hits that begin in a span of a normal text, by their beginning; of those that begin together the longest first.
 * Undefined if nothing there looks like one. Only what stands between the blanks around the beginning of a possible hit
 * is split into words, because that takes far longer than looking for the beginning: no word holds a blank.
 */
export function hitsBetween(text: string, span: Span, sought: readonly Sought[]): Hit[] | undefined {
  const stretches = stretchesOf(text, span, sought);
  if (stretches.length === 0) return undefined;
  const hits: Hit[] = [];
  for (const stretch of stretches) {
    const plain = plainWordIn(text, stretch);
    const found = plain ? hitsOfWord(plain, sought) : hitsOf(text, stretch, sought);
    for (const hit of found) if (hit.start >= span.start && hit.start < span.end) hits.push(hit);
  }
  return hits.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** The parts of a span that may have hits, in order; they do not overlap. */
function stretchesOf(text: string, span: Span, sought: readonly Sought[]): Span[] {
  const piece = text.slice(span.start, span.end + OVERLAP);
  const found = ASCII.test(piece) ? placesOf(piece, span, sought) : runsOf(text, span, piece, sought);
  const stretches: Span[] = [];
  for (const { at, isPhrase } of found.sort((a, b) => a.at.start - b.at.start)) {
    const last = stretches.at(-1);
    const start = blankBefore(text, at.start);
    const end = isPhrase ? blankAfter(text, at.end + OVERLAP) : blankAfter(text, at.end);
    if (last && start <= last.end)
      stretches[stretches.length - 1] = { start: last.start, end: Math.max(end, last.end) };
    else stretches.push({ start, end });
  }
  return stretches;
}

interface Place {
  readonly at: Span;
  readonly isPhrase: boolean;
}

/** Lower case is all that folding does to ASCII, so that offsets stay. */
function placesOf(piece: string, { start, end }: Span, sought: readonly Sought[]): Place[] {
  const lower = piece.toLowerCase();
  const places: Place[] = [];
  for (const { phrases } of sought) {
    for (const [first, ...others] of phrases) {
      for (
        let at = lower.indexOf(first!);
        at >= 0 && start + at < end;
        at = lower.indexOf(first!, at + first!.length)
      ) {
        const after = at + first!.length;
        if (!hasAllSoon(lower, others, after)) continue;
        places.push({ at: { start: start + at, end: start + after }, isPhrase: others.length > 0 });
      }
    }
  }
  return places;
}

/** Whether the others of a phrase may follow. */
function hasAllSoon(lower: string, others: readonly string[], after: number): boolean {
  if (others.length === 0) return true;
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
    if (found.length > 0) places.push({ at: { start: from + index, end: from + index + run.length }, isPhrase });
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

/** One word of small letters, and around it punctuation that belongs to no word. */
const PLAIN_WORD = /^["'(]*([a-z]+)["'),;:!?.]*$/;
/** A longer one may be noise. */
const LONGEST_PLAIN = 39;

/** The word that is all of a stretch, as most of prose is: to look for the words and their parts costs far more than its hits. */
function plainWordIn(text: string, { start, end }: Span): Token | undefined {
  if (end - start > LONGEST_PLAIN) return undefined;
  const stretch = text.slice(start, end);
  const word = PLAIN_WORD.exec(stretch)?.[1];
  if (word === undefined) return undefined;
  const from = start + stretch.indexOf(word);
  return { text: word, start: from, end: from + word.length };
}

/** The same hits as those of {@link hitsOf}, which finds a word without parts once by itself and once as its own part. */
function hitsOfWord({ text, start, end }: Token, sought: readonly Sought[]): Hit[] {
  const hits: Hit[] = [];
  for (const { index, term, isNear } of sought) {
    const isMatch = ([first, ...others]: readonly string[]) =>
      isNear ? isNear(text) : others.length === 0 && (text === first || (term.prefix && text.startsWith(first!)));
    const hit = { start, end, term: index };
    if (isMatch(term.words)) hits.push(hit);
    if (isMatch(term.parts ?? term.words)) hits.push(hit);
    for (const form of term.forms ?? []) if (form === text) hits.push(hit, hit);
  }
  return hits;
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
