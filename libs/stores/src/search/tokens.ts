import { fold } from './fold.ts';
import { anatomyOf, LONGEST_TOKEN, looksLikeNoise, NO_ANATOMY, type Anatomy, type Token } from './identifiers.ts';
import { EMOJI } from './normal.ts';

export { fold } from './fold.ts';
export type { Token } from './identifiers.ts';

/**
 * How text is split into tokens, once for all engines: documents, queries and snippets use this, and an engine only
 * ever sees tokens separated by blanks. So embedded and remote search agree on what matches.
 * - Words are runs of letters, digits and `_`; identifiers stay whole: `ERR_CONN_RESET`, `useState`. Underscores
 * around a word are emphasis and not part of it.
 * - Parts are the pieces of identifiers: `err conn reset`, `use state`, `sha 256`.
 * - `C++`, `C#`, `F#` and `.NET` are words.
 * - Scripts without blanks between words (Han, Kana, Thai …) and Hangul are split into characters, so that any
 * substring is found as a phrase. Emoji are a token each, including joined ones, flags and keycaps.
 * - Case, compatibility forms (NFKC) and diacritics are folded.
 */
export interface Word extends Token, Anatomy {
  /** Whether only `.`, `/`, `-` or the like stands between this word and the one before: `src/auth.ts`. */
  readonly joined: boolean;
  /** A later piece of a run that is too long for one token; its parts are with the first piece. */
  readonly continued?: true;
}

const SPACELESS = String.raw`[[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{sc=Hang}\p{sc=Yiii}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tibt}]&&[\p{L}\p{N}]]`;
const RUN = String.raw`[[\p{L}\p{N}\p{M}_]--${SPACELESS}]+`;
const ASCII_RUN = '[A-Za-z0-9_]+';
/**
 * Names with other characters than letters and digits; `.NET` also after another name, in lower case only if no
 * domain ends there.
 */
const SPECIAL = [
  String.raw`(?<![\p{L}\p{N}_])[Cc]\+\+(?:\d\d(?!\d))?(?![+])`,
  String.raw`(?<![\p{L}\p{N}_])[A-Za-z]#(?![\p{L}\p{N}_#])`,
  String.raw`(?:\.NET|(?<=(?:^|[^\p{L}\p{N}_])(?:asp|ado|vb|ml)|(?<![\p{L}\p{N}_]))\.[Nn][Ee][Tt])(?![\p{L}\p{N}_])`,
].join('|');
const HAS_SPECIAL = /[A-Za-z](?:\+\+|#)|\.net/i;

/** ASCII punctuation that tokens may contain: identifiers, `c++`, `c#`, `.net`, the keycap of `*`. Engines must not split there. */
export const PUNCTUATION_IN_TOKENS = '_+#.*';

const pattern = (run: string, special: boolean) =>
  new RegExp(`(${special ? SPECIAL : '(?!)'})|(${SPACELESS}\\p{M}*)|(${EMOJI})|${run}`, 'gv');
const PATTERNS = { plain: pattern(RUN, false), special: pattern(RUN, true) };
const ASCII_PATTERNS = {
  plain: new RegExp(ASCII_RUN, 'g'),
  special: new RegExp(`(${SPECIAL.replaceAll(String.raw`\p{L}\p{N}_`, 'A-Za-z0-9_')})|${ASCII_RUN}`, 'g'),
};

const SINGLE = new RegExp(`^(?:${SPACELESS}|${EMOJI})`, 'v');
const SPEAKS = /[\p{L}\p{N}]/v;
const ASCII = /^[\x00-\x7f]*$/;
/** With the accents on them, which are dropped. */
const OUTER_UNDERSCORES = /^\p{M}*(?:_\p{M}*)+|(?:_\p{M}*)+$/gv;
const LEADING_UNDERSCORES = /^\p{M}*(?:_\p{M}*)+/v;
const STARTS_WITH_MARK = /^\p{M}/v;
const ENDS_IN_UNDERSCORE = /_\p{M}*$/v;
const JOINER = /^_*[./\\:#@\-]+_*$/;
const LONGEST_JOINER = 3;
/** Pieces of a run without end that are indexed; the parts of an identifier are all there in any case. */
const MOST_PIECES = 4;
/**
 * The beginning of noise (base64, hashes) is enough to find it, and all of it would flood the index: the first run,
 * or as many as have the minimum length together.
 */
const SHORTEST_NOISE = 40;
const NOISE = new RegExp(String.raw`[A-Za-z0-9+\/_=\-]{${SHORTEST_NOISE},}`, 'g');
const KEPT_OF_NOISE = new RegExp(String.raw`^(?:[^A-Za-z0-9]*[A-Za-z0-9]){16}[A-Za-z0-9]{0,${LONGEST_TOKEN - 16}}`);
/** Colours and presentations of emoji. */
const EMOJI_STYLES = /[\ufe0e\ufe0f\u{1f3fb}-\u{1f3ff}]/gu;
const JOINED_EMOJI = /\u200d/;

export function withoutEmojiStyles(text: string): string {
  return ASCII.test(text) ? text : text.replace(EMOJI_STYLES, '');
}

/** Whether a token is always a single character (Han, Kana, Thai, emoji …), so that a prefix of it says nothing. */
export function isSingleCharacter(token: string): boolean {
  return SINGLE.test(token);
}

/** The words of a normal text (see normal.ts) in order, with their offsets. */
export function words(given: string): Word[] {
  const { text, noise } = given.length < SHORTEST_NOISE ? { text: given, noise: [] } : withoutNoise(given);
  const ascii = ASCII.test(text);
  const { plain, special } = ascii ? ASCII_PATTERNS : PATTERNS;
  const regex = HAS_SPECIAL.test(text) ? special : plain;
  regex.lastIndex = 0;
  const found: Word[] = [];
  let previousEnd = -1;
  const isJoined = (start: number) =>
    previousEnd >= 0 && start - previousEnd <= LONGEST_JOINER && JOINER.test(text.slice(previousEnd, start));
  for (let match = regex.exec(text); match; match = regex.exec(text)) {
    const raw = match[0];
    const start = match.index;
    if (match[1] !== undefined) {
      const special = { text: raw.toLowerCase(), start, end: start + raw.length };
      // Nothing stands between ASP and .NET.
      found.push({ ...special, ...anatomyOfSpecial(special), joined: isJoined(start) || previousEnd === start });
      previousEnd = special.end;
    } else if (match[2] !== undefined) {
      // These have no case and no accents, and cutting a book into characters must not normalize each three times.
      found.push({ text: raw, start, end: start + raw.length, ...NO_ANATOMY, joined: false });
      previousEnd = -1;
    } else if (match[3] !== undefined) {
      found.push(emojiOf(raw, start));
      previousEnd = -1;
    } else if (SPEAKS.test(raw)) {
      const mayLead = raw.startsWith('_') || (!ascii && STARTS_WITH_MARK.test(raw));
      const first = (mayLead ? LEADING_UNDERSCORES.exec(raw)?.[0].length : 0) ?? 0;
      const run = first > 0 || ENDS_IN_UNDERSCORE.test(raw) ? raw.replace(OUTER_UNDERSCORES, '') : raw;
      const at = start + first;
      const joined = isJoined(at);
      const anatomy = noise.some(({ start, end }) => at >= start && at < end) ? NO_ANATOMY : anatomyOf(run, ascii);
      if (run.length > LONGEST_TOKEN) found.push(...pieces(run, at, anatomy, joined));
      else {
        const folded = fold(run);
        // Of a tatweel alone, which Unicode takes for a letter, nothing is left.
        if (folded !== '') found.push({ text: folded, start: at, end: at + run.length, ...anatomy, joined });
      }
      previousEnd = at + run.length;
    }
  }
  return found;
}

function pieces(run: string, start: number, anatomy: Anatomy, joined: boolean): Word[] {
  const found: Word[] = [];
  let at = 0;
  while (at < run.length && found.length < MOST_PIECES) {
    // Not between the halves of a character beyond the basic plane.
    const end = at + LONGEST_TOKEN - (isHighSurrogate(run, at + LONGEST_TOKEN - 1) ? 1 : 0);
    const raw = run.slice(at, end);
    const token = { text: fold(raw), start: start + at, end: start + at + raw.length };
    at = end;
    if (token.text === '') continue;
    if (found.length === 0) found.push({ ...token, ...anatomy, joined });
    else found.push({ ...token, ...NO_ANATOMY, joined: true, ...(anatomy.parts.length > 0 && { continued: true }) });
  }
  return found;
}

function isHighSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xd800 && code <= 0xdbff;
}

interface Noise {
  readonly start: number;
  readonly end: number;
}

/** The same text, with blanks for what is behind the beginning of each run of noise: offsets stay. Its beginnings have no parts. */
function withoutNoise(text: string): { readonly text: string; readonly noise: readonly Noise[] } {
  const noise: Noise[] = [];
  const quiet = text.replace(NOISE, (run, start: number) => {
    if (!looksLikeNoise(run)) return run;
    const kept = KEPT_OF_NOISE.exec(run)?.[0] ?? '';
    noise.push({ start, end: start + kept.length });
    return kept + ' '.repeat(run.length - kept.length);
  });
  return { text: quiet, noise };
}

/**
 * Whether a run between blanks is a line of base64 or the like, all of it.
 * @param after whether the run before was one: then this one may look more like words
 */
export function isNoiseLine(run: string, after: boolean): boolean {
  return run.length >= SHORTEST_NOISE && run.match(NOISE)?.[0] === run && looksLikeNoise(run, after ? 2 : 1);
}

/** `C++17` is also `C++`; the others are their own only parts. */
function anatomyOfSpecial({ text }: Token): Anatomy {
  if (text.length < 4 || text.startsWith('.')) return NO_ANATOMY;
  const cut = { text: text.slice(0, 3), start: 0, end: 3 };
  return { parts: [cut, { text: text.slice(3), start: 3, end: text.length }], joins: [] };
}

/** Whatever its colour and presentation; joined ones are found by their members too. */
function emojiOf(raw: string, start: number): Word {
  const end = start + raw.length;
  const text = withoutEmojiStyles(raw);
  const members = JOINED_EMOJI.test(text) ? text.split('\u200d') : [];
  return {
    text,
    start,
    end,
    parts: members.map((member) => ({ text: member, start: 0, end: raw.length })),
    joins: [],
    joined: false,
  };
}

/** The word's parts as tokens; the word itself if it has none. */
export function textsOfParts({ text, parts, continued }: Word): string[] {
  if (continued) return [];
  return parts.length > 0 ? parts.map((part) => part.text) : [text];
}
