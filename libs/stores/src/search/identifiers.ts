import { fold } from './fold.ts';
import { piecesOfName } from './names.ts';

export interface Token {
  /** Folded. */
  readonly text: string;
  /** UTF-16 offsets into the text, `end` exclusive. */
  readonly start: number;
  readonly end: number;
}

/** What an identifier is made of. Offsets are counted from its beginning. */
export interface Anatomy {
  /** In order: `github token`. Empty if the identifier is its own only part. */
  readonly parts: readonly Token[];
  /** Neighbouring parts as one word, as in `getUserNameById` `username`: a name may have capitals inside. */
  readonly joins: readonly Token[];
}

export const NO_ANATOMY: Anatomy = { parts: [], joins: [] };

/** Where an identifier may have an inner border; tested first, because most words have none. */
const BORDER = /_|[\p{Ll}\p{N}]\p{Lu}|\p{Lu}\p{Lu}\p{Ll}|\p{L}\p{N}|\p{N}\p{L}/v;
const ASCII_BORDER = /_|[a-z\d][A-Z]|[A-Z]{2}[a-z]|[A-Za-z]\d|\d[A-Za-z]/;
const CASE_BORDER = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gv;
const DIGIT_BORDER = /(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/gv;
const UNDERSCORES = /_+/g;
const HAS_DIGIT = /\p{N}/v;
const LETTER = /\p{L}/v;
const SPEAKS = /[\p{L}\p{N}]/v;

/** `sha256sum` is cut at its digits; what alternates more often is a hash or an id. */
const MOST_DIGIT_PIECES = 3;
/** In UTF-16: what an index takes for one term. */
export const LONGEST_TOKEN = 64;
/** More pieces than these, and shorter ones on average, are noise: in base64 the case alternates, in words it does not. */
const FEW_PIECES = 6;
const SHORTEST_MEAN_PIECE = 2.6;
/** Longer names are sentences; without a limit, code would be indexed twice. */
const LONGEST_NAME = 12;
/** Words that a name neither begins nor ends with, and that most identifiers have. */
const GLUE = new Set(
  'add all and as at by can create do find for from get has if in init is make new no not of on or remove set should the to update use was with'.split(
    ' ',
  ),
);
/** Some names have three pieces, one of them this short: LaTeX, iPadOS. */
const SHORT_PIECE = 2;
const LONGEST_TRIPLE = 8;

/** Code says the same names again and again. */
const seen = new Map<string, Anatomy>();
const MOST_SEEN = 10_000;

/** Cuts a run of letters, digits and `_` at its inner borders. */
export function anatomyOf(run: string, ascii: boolean): Anatomy {
  if (!(ascii ? ASCII_BORDER : BORDER).test(run)) return NO_ANATOMY;
  let anatomy = seen.get(run);
  if (!anatomy) {
    anatomy = cutApart(run, ascii);
    if (seen.size >= MOST_SEEN) seen.clear();
    if (run.length <= LONGEST_TOKEN) seen.set(run, anatomy);
  }
  return anatomy;
}

function cutApart(run: string, ascii: boolean): Anatomy {
  const parts: Token[] = [];
  const joins: Token[] = [];
  for (const segment of run.includes('_') ? split(run, UNDERSCORES, 0) : [{ text: run, start: 0 }]) {
    const words = withNames(ascii ? atCapitals(segment) : split(segment.text, CASE_BORDER, segment.start)).map(
      atDigits,
    );
    const pieces = words.flat();
    if (isNoise(segment.text.length, pieces.length)) {
      parts.push(tokenOf(segment));
      continue;
    }
    parts.push(...pieces.map(tokenOf));
    joins.push(...joinsOf(words, segment.text.length === run.length).map(tokenOf));
  }
  const spoken = parts.filter(({ text }) => SPEAKS.test(text));
  const undivided = spoken.length <= 1 && spoken[0]?.text === fold(run.slice(0, LONGEST_TOKEN));
  return { parts: undivided ? [] : spoken, joins };
}

/** The pieces, those of a name as one. */
function withNames(pieces: readonly Piece[]): readonly Piece[] {
  if (pieces.length === 1) return pieces;
  const texts = pieces.map(({ text }) => text);
  const found: Piece[] = [];
  for (let at = 0; at < pieces.length;) {
    const count = Math.max(1, piecesOfName(texts, at));
    found.push({ text: texts.slice(at, at + count).join(''), start: pieces[at]!.start });
    at += count;
  }
  return found;
}

/** Whether this many pieces in this many characters are not words. */
function isNoise(length: number, pieces: number): boolean {
  return pieces > FEW_PIECES && length / pieces < SHORTEST_MEAN_PIECE;
}

/** Base64 runs are long between its signs; ids of a path (`/api/550e8400-e29b-…`) are short. */
const SHORTEST_MEAN_STRETCH = 9;

/**
 * Whether letters and digits alternate in a long run as in base64 or a hash, and few signs stand between them.
 * @param suspicion how many times as long as usual pieces may be
 */
export function looksLikeNoise(run: string, suspicion = 1): boolean {
  let pieces = 1;
  let length = 0;
  let stretches = 0;
  let previous = 0;
  for (let at = 0; at < run.length; at += 1) {
    const kind = kindOf(run.charCodeAt(at));
    if (kind === 0) continue;
    if (at === 0 || kindOf(run.charCodeAt(at - 1)) === 0) stretches += 1;
    length += 1;
    // A capital before small letters begins a piece, it does not end one.
    if (previous !== 0 && kind !== previous && !(previous === UPPER && kind === LOWER)) pieces += 1;
    previous = kind;
  }
  return length / stretches >= SHORTEST_MEAN_STRETCH && isNoise(length / suspicion, pieces);
}

const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;

/** The same as splitting at CASE_BORDER, several times as fast. */
function atCapitals({ text, start }: Piece): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let before = kindOf(text.charCodeAt(0));
  for (let at = 1; at < text.length; at += 1) {
    const kind = kindOf(text.charCodeAt(at));
    if (kind === UPPER && (before !== UPPER || kindOf(text.charCodeAt(at + 1)) === LOWER)) {
      pieces.push({ text: text.slice(from, at), start: start + from });
      from = at;
    }
    before = kind;
  }
  pieces.push({ text: from === 0 ? text : text.slice(from), start: start + from });
  return pieces;
}

function kindOf(code: number): number {
  if (code >= 97 && code <= 122) return LOWER;
  if (code >= 65 && code <= 90) return UPPER;
  return code >= 48 && code <= 57 ? DIGIT : 0;
}

interface Piece {
  readonly text: string;
  readonly start: number;
}

/** `Auth2` in two; `k8s`, `x86` and hashes stay whole. */
function atDigits(piece: Piece): readonly Piece[] {
  if (!HAS_DIGIT.test(piece.text)) return [piece];
  const pieces = split(piece.text, DIGIT_BORDER, piece.start);
  const isWhole =
    pieces.length > MOST_DIGIT_PIECES || pieces.some(({ text }) => text.length === 1 && LETTER.test(text));
  return isWhole ? [piece] : pieces;
}

/**
 * Words of the segment that may belong together.
 * @param words the segment at its capitals, each at its digits
 * @param alone whether the segment is all of the identifier, which is indexed whole in any case
 */
function joinsOf(words: readonly (readonly Piece[])[], alone: boolean): Piece[] {
  const joins: Piece[] = [];
  const add = (pieces: readonly Piece[]) => {
    const text = pieces.map((piece) => piece.text).join('');
    if (text.length <= LONGEST_NAME) joins.push({ text, start: pieces[0]!.start });
  };
  const isGlue = (word: readonly Piece[]) => GLUE.has(word[0]!.text.toLowerCase());
  const isAll = (first: number, last: number) => alone && first === 0 && last === words.length - 1;
  for (const [at, word] of words.entries()) {
    // `sha256` of `sha256sum`, `oauth2` of `OAuth2Client`.
    if (word.length > 1 && !(word.length === 2 && isAll(at, at))) add(word.slice(0, 2));
    const next = words[at + 1];
    if (!next || isGlue(word) || isGlue(next)) continue;
    if (!isAll(at, at + 1)) add([...word, ...next]);
    // A number behind a name is not part of it.
    if (next.length === 2 && LETTER.test(next[0]!.text)) add([...word, next[0]!]);
    const third = words[at + 2];
    if (third && !isAll(at, at + 2) && isShortName([word, next, third])) add([...word, ...next, ...third]);
  }
  return joins;
}

function isShortName(words: readonly (readonly Piece[])[]): boolean {
  const lengths = words.map((pieces) => pieces.reduce((sum, { text }) => sum + text.length, 0));
  return Math.min(...lengths) <= SHORT_PIECE && lengths.reduce((sum, length) => sum + length) <= LONGEST_TRIPLE;
}

function tokenOf({ text, start }: Piece): Token {
  return { text: fold(text.slice(0, LONGEST_TOKEN)), start, end: start + text.length };
}

/** The text between the matches of `border`, with offsets counted from `start`. */
function split(text: string, border: RegExp, start: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  border.lastIndex = 0;
  for (let match = border.exec(text); match; match = border.exec(text)) {
    const { index } = match;
    if (index > from) pieces.push({ text: text.slice(from, index), start: start + from });
    from = index + match[0].length;
    // Whole characters: from within one, a regular expression would find the same border again.
    if (match[0] === '') border.lastIndex = index + (text.codePointAt(index)! > 0xffff ? 2 : 1);
  }
  if (from === 0) return [{ text, start }];
  if (from < text.length) pieces.push({ text: text.slice(from), start: start + from });
  return pieces;
}
