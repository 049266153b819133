const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** Segmenting a whole text is slow; what people see as one character is hardly ever longer. */
const NEIGHBOURHOOD = 32;
const LINE_FEED = 0x0a;

/** The offset (UTF-16) at or before `offset` where a text can be cut without splitting a grapheme. */
export function graphemeBorder(text: string, offset: number): number {
  if (offset <= 0 || offset >= text.length) return offset;
  const code = text.charCodeAt(offset);
  // Between two characters of ASCII, any place but the one in a line end.
  if (code < 0x80 && code !== LINE_FEED && text.charCodeAt(offset - 1) < 0x80) return offset;
  const from = Math.max(0, offset - NEIGHBOURHOOD);
  const at = graphemes.segment(text.slice(from, offset + NEIGHBOURHOOD)).containing(offset - from);
  return from + (at?.index ?? offset - from);
}
