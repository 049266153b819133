const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** At most this many characters at the end of a text are dropped so that it ends with a whole word. */
const WORD_CHARACTERS = 24;

/**
 * The text in at most `longest` characters (UTF-16 code units), including `…` if it was cut. Cuts between graphemes:
 * never within a surrogate pair, an emoji sequence, or before a combining mark.
 */
export function shorten(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, graphemeBoundary(text, longest - 1)).toWellFormed()}…`;
}

/** The beginning of the text in at most `longest` characters, cut in the same way but without `…`. */
export function beginningOf(text: string, longest: number): string {
  return text.length <= longest ? text : text.slice(0, graphemeBoundary(text, longest)).toWellFormed();
}

/** As shorten, between words if one ends near the cut. */
export function shortenAtWord(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const cut = text.slice(0, graphemeBoundary(text, longest - 1));
  const lastBlank = cut.lastIndexOf(' ');
  return `${(lastBlank > cut.length - WORD_CHARACTERS ? cut.slice(0, lastBlank) : cut).trimEnd().toWellFormed()}…`;
}

/** The last place up to `at` between two graphemes. */
function graphemeBoundary(text: string, at: number): number {
  // Most cuts fall between two plain letters, and segmenting costs more than the rest of a title.
  if (isPlain(text.charCodeAt(at - 1)) && isPlain(text.charCodeAt(at))) return at;
  // A grapheme that begins before the cut is complete once the next one begins; a longer one is cut.
  const { index } = graphemes.segment(text.slice(0, at + 64)).containing(at) ?? { index: at };
  if (index > at - 64 && index > 0) return index;
  return text.codePointAt(at - 1)! > 0xffff ? at - 1 : at;
}

/** A printable ASCII character: next to another one it is a grapheme by itself. */
function isPlain(unit: number): boolean {
  return unit >= 0x20 && unit < 0x7f;
}
