/** How many tokens a text has. Never fewer than the text has as a whole. */
export type CountTokens = (text: string) => number;

/**
 * Characters (UTF-16) that are counted at once. The tokenizer needs quadratic time for a run without blanks: 3 s for
 * 20,000 Chinese characters.
 */
const PIECE = 256;
/** A piece ends before a blank in its second half, so that the pieces have the tokens of the whole text. */
const SHORTEST = PIECE / 2;
/** Pieces of words whose tokens the tokenizer remembers. Its default of 100,000 would hold megabytes. */
const REMEMBERED = 4_096;

/**
 * The tokenizer of OpenAI's models since GPT-4o (o200k_base). Other models count a little differently; there is no public
 * tokenizer of Claude. It is loaded with the first context, because it takes 0.3 s and 25 MB.
 */
export async function loadTokenizer(): Promise<CountTokens> {
  const { countTokens, setMergeCacheSize } = await import('gpt-tokenizer/encoding/o200k_base');
  setMergeCacheSize(REMEMBERED);
  // What looks like a special token is text here, as it is everywhere outside of the tokenizer.
  const asText = { disallowedSpecial: new Set<string>() };
  return (text) => piecesOf(text).reduce((sum, piece) => sum + countTokens(piece, asText), 0);
}

/** Together the whole text. Pure. */
export function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = start + PIECE >= text.length ? text.length : cut(text, start);
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

function cut(text: string, start: number): number {
  const from = start + SHORTEST;
  const blank = text.slice(from, start + PIECE).search(/\s(?=\S*$)/);
  if (blank >= 0) return from + blank;
  return isPairAt(text, start + PIECE - 1) ? start + PIECE - 1 : start + PIECE;
}

/** Whether the two halves of one character begin here. */
export function isPairAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit < 0xdc00;
}
