const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** Segmenting a whole text is slow; what people see as one character is hardly ever longer. */
const NEIGHBOURHOOD = 32;

/** The offset (UTF-16) at or before `offset` where a text can be cut without splitting a grapheme. */
export function graphemeBorder(text: string, offset: number): number {
  if (offset <= 0 || offset >= text.length) return offset;
  const from = Math.max(0, offset - NEIGHBOURHOOD);
  const at = graphemes.segment(text.slice(from, offset + NEIGHBOURHOOD)).containing(offset - from);
  return from + (at?.index ?? offset - from);
}
