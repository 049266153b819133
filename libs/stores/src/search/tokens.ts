/**
 * How text is cut into tokens, once for all engines: documents, queries and snippets go through here, and an
 * engine only ever sees tokens separated by blanks. So embedded and remote search agree on what matches.
 *
 * - Words are runs of letters, digits and `_`; identifiers stay whole: `ERR_CONN_RESET`, `useState`.
 * - Parts are what identifiers are made of: `err conn reset`, `use state`, `sha 256`.
 * - Scripts that write no blanks between words (Han, Kana, Thai …) and Hangul are cut into characters, so that
 *   any substring is found as a phrase. Emoji are a token each.
 * - Case, compatibility forms (NFKC) and diacritics are folded.
 */
export interface Token {
  /** Folded. */
  readonly text: string;
  /** UTF-16 offsets into the text, `end` exclusive. */
  readonly start: number;
  readonly end: number;
}

export interface Word extends Token {
  /** Empty where the word has no inner borders: it is its own only part then. */
  readonly parts: readonly Token[];
  /** Whether only `.`, `/`, `-` or the like stands between this word and the one before: `src/auth.ts`. */
  readonly joined: boolean;
}

const SPACELESS = String.raw`[[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{sc=Hang}\p{sc=Yiii}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tibt}]&&[\p{L}\p{N}]]`;
const PICTOGRAPH = String.raw`[\p{Extended_Pictographic}\p{Regional_Indicator}]`;
/** Longer runs (base64, minified code) become several tokens: what is unbounded would end up in one index term. */
const LONGEST_WORD = 64;
const WORDS = new RegExp(
  String.raw`(${SPACELESS}\p{M}*)|(${PICTOGRAPH})|[[\p{L}\p{N}\p{M}_]--${SPACELESS}]{1,${LONGEST_WORD}}`,
  'gv',
);
const ASCII_WORDS = new RegExp(`[A-Za-z0-9_]{1,${LONGEST_WORD}}`, 'g');
const SINGLE = new RegExp(`^(?:${SPACELESS}|${PICTOGRAPH})`, 'v');
const SPEAKS = /[\p{L}\p{N}]/v;
const ASCII = /^[\x00-\x7f]*$/;
const JOINER = /^[./\\:#@\-]+$/;
const LONGEST_JOINER = 3;
const NONE: readonly Token[] = [];

/** Where an identifier may have an inner border; tested first, because most words have none. */
const BORDER = /_|[\p{Ll}\p{N}]\p{Lu}|\p{Lu}\p{Lu}\p{Ll}|\p{L}\p{N}|\p{N}\p{L}/v;
const ASCII_BORDER = /_|[a-z\d][A-Z]|[A-Z]{2}[a-z]|[A-Za-z]\d|\d[A-Za-z]/;
const CASE_BORDER = /_+|(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gv;
const DIGIT_BORDER = /(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/gv;
/** `x86`, `sha256sum` and `i18n` are cut at their digits; what alternates more often is a hash or an id. */
const MOST_DIGIT_BORDERS = 2;
/** An identifier with more parts is noise (base64 alternates case): it stays whole. */
const MOST_PARTS = 12;

/**
 * Marks that are dropped: Latin, Greek, Cyrillic accents, Hebrew points, Arabic vowel signs and tatweel, variation
 * selectors, enclosing marks. Not those of other scripts, where a mark is a vowel or another consonant.
 */
const ACCENTS = /[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670\u20d0-\u20ff\ufe00-\ufe0f]/g;
/** Letters that stay distinct under NFKD but that people type without: both spellings find each other. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ς: 'σ',
};
const FOLDED_LETTERS = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g');

/** Case, compatibility forms and diacritics folded. The length may change. */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD')
    .replace(ACCENTS, '')
    .replace(FOLDED_LETTERS, (letter) => LETTERS[letter] ?? letter)
    .normalize('NFKC');
}

/** Whether a token is always a single character (Han, Kana, Thai, emoji …), so that a prefix of it says nothing. */
export function isSingleCharacter(token: string): boolean {
  return SINGLE.test(token);
}

/** The words of a text in order, with their offsets. */
export function words(text: string): Word[] {
  const ascii = ASCII.test(text);
  const pattern = new RegExp(ascii ? ASCII_WORDS : WORDS);
  const border = ascii ? ASCII_BORDER : BORDER;
  // Folding ASCII keeps the length, so one fold serves all words; this is most of what is ever indexed.
  const lowerCase = ascii ? text.toLowerCase() : undefined;
  const found: Word[] = [];
  let previousEnd = -1;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const raw = match[0];
    const start = match.index;
    const end = start + raw.length;
    if (match[1] !== undefined || match[2] !== undefined) {
      // These have no case and no accents, and cutting a book into characters must not normalize each three times.
      found.push({ text: raw.normalize('NFKC'), start, end, parts: NONE, joined: false });
      previousEnd = -1;
      continue;
    }
    if (!SPEAKS.test(raw)) continue;
    const joined =
      previousEnd >= 0 && start - previousEnd <= LONGEST_JOINER && JOINER.test(text.slice(previousEnd, start));
    const parts = raw.length < LONGEST_WORD && border.test(raw) ? partsOf(raw, start) : NONE;
    found.push({ text: lowerCase?.slice(start, end) ?? fold(raw), start, end, parts, joined });
    previousEnd = end;
  }
  return found;
}

function partsOf(raw: string, start: number): readonly Token[] {
  const parts: Token[] = [];
  for (const segment of split(raw, CASE_BORDER, start)) {
    const pieces = split(segment.text, DIGIT_BORDER, segment.start);
    for (const piece of pieces.length > MOST_DIGIT_BORDERS + 1 ? [segment] : pieces) {
      if (SPEAKS.test(piece.text)) parts.push({ ...piece, text: fold(piece.text) });
    }
  }
  const undivided = parts.length === 1 && parts[0]?.text === fold(raw);
  return undivided || parts.length > MOST_PARTS ? NONE : parts;
}

/** The text between the matches of `border`, unfolded, with offsets counted from `start`. */
function split(text: string, border: RegExp, start: number): Token[] {
  const pieces: Token[] = [];
  let from = 0;
  for (const { 0: matched, index } of text.matchAll(border)) {
    if (index > from) pieces.push({ text: text.slice(from, index), start: start + from, end: start + index });
    from = index + matched.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), start: start + from, end: start + text.length });
  return pieces;
}

/** The word's parts as tokens; the word itself where it has none. */
export function textsOfParts(word: Word): string[] {
  return word.parts.length > 0 ? word.parts.map((part) => part.text) : [word.text];
}

/** Stands between two identifiers' parts, so that no phrase reaches over. No query can contain it. */
export const GAP = '‖';

export interface IndexText {
  /** All words. */
  readonly words: string;
  /**
   * The parts of identifiers that have several, each with what it is joined to (`src use auth ts` of
   * `src/useAuth.ts`), so that `auth.ts` is found in it. Plain words are not repeated.
   */
  readonly parts: string;
}

/** Most of a text is words seen before; cutting those again would cost more than writing the index. */
const seen = new Map<string, IndexText>();
const MOST_SEEN = 20_000;

/** A text as an engine indexes it: tokens separated by single blanks. */
export function indexText(text: string): IndexText {
  const all: string[] = [];
  const parts: string[] = [];
  // Neither a word nor a compound holds a blank, so each run between blanks stands for itself.
  for (const run of text.normalize('NFKC').match(/\S+/g) ?? []) {
    let tokens = seen.get(run);
    if (!tokens) {
      tokens = indexRun(run);
      if (seen.size >= MOST_SEEN) seen.clear();
      if (run.length <= LONGEST_WORD) seen.set(run, tokens);
    }
    if (tokens.words) all.push(tokens.words);
    if (tokens.parts) parts.push(tokens.parts);
  }
  return { words: all.join(' '), parts: parts.join(' ') };
}

function indexRun(run: string): IndexText {
  const all: string[] = [];
  const parts: string[] = [];
  let compound: string[] = [];
  let divided = false;
  const closeCompound = () => {
    if (divided) parts.push(...compound, GAP);
    compound = [];
    divided = false;
  };
  for (const word of words(run)) {
    all.push(word.text);
    if (!word.joined) closeCompound();
    compound.push(...textsOfParts(word));
    divided ||= word.parts.length > 0;
  }
  closeCompound();
  return { words: all.join(' '), parts: parts.join(' ') };
}
