import { isPairAt, type CountTokens } from './tokens.ts';

/** Characters (UTF-16) of the longest piece that is added at once. */
const PIECE = 240;
const CUT = '…';
/** What is quoted after the match for each piece before it: an answer follows its question. */
const AFTER = 2;

export interface Excerpt {
  readonly text: string;
  readonly tokens: number;
}

/**
 * The text around `focus` with at most `most` tokens: whole lines if they are short, `…` where something is left out. The
 * text without these dots is a piece of the given one. Undefined if not even the match fits. Pure.
 */
export function excerpt(text: string, focus: number, most: number, count: CountTokens): Excerpt | undefined {
  // No token is longer than 128 characters, so a text far beyond that need not be counted.
  const whole = text.length > most * 128 ? Infinity : count(text);
  if (whole <= most) return { text, tokens: whole };
  const pieces = piecesOf(text);
  const middle = Math.max(
    0,
    pieces.findLastIndex(({ start }) => start <= focus),
  );
  let [first, end] = [middle, middle + 1];
  let spent = 2 * count(`\n${CUT}\n`) + count(pieces[middle]!.text);
  const tokensOf = (at: number) => (pieces[at] ? count(pieces[at].text) : Infinity);
  for (let turn = 0, isOpen = [true, true]; isOpen.includes(true); turn += 1) {
    const isBefore = isOpen[0]! && (!isOpen[1] || turn % (AFTER + 1) === AFTER);
    const tokens = tokensOf(isBefore ? first - 1 : end);
    if (spent + tokens > most) isOpen = isBefore ? [false, isOpen[1]!] : [isOpen[0]!, false];
    else {
      spent += tokens;
      if (isBefore) first -= 1;
      else end += 1;
    }
  }
  // Pieces can have more tokens together than each by itself.
  for (;;) {
    const quoted = quote(text, pieces, first, end);
    const tokens = count(quoted);
    if (tokens <= most) return { text: quoted, tokens };
    if (end - first === 1) return undefined;
    if (end - 1 > middle) end -= 1;
    else first += 1;
  }
}

function quote(text: string, pieces: readonly Piece[], first: number, end: number): string {
  const [start, stop] = [pieces[first]!.start, pieces[end]?.start ?? text.length];
  const quoted = text.slice(start, stop);
  return `${start > 0 ? `${CUT}${isLineStart(text, start) ? '\n' : ''}` : ''}${quoted}${stop < text.length ? CUT : ''}`;
}

function isLineStart(text: string, at: number): boolean {
  return text[at - 1] === '\n';
}

interface Piece {
  readonly start: number;
  readonly text: string;
}

/** Lines, and the pieces of long ones, together the whole text. */
function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (let start = 0; start < text.length;) {
    const line = text.indexOf('\n', start);
    const lineEnd = line < 0 ? text.length : line + 1;
    const end = lineEnd - start <= PIECE ? lineEnd : cut(text, start);
    pieces.push({ start, text: text.slice(start, end) });
    start = end;
  }
  return pieces;
}

/** After a sentence, otherwise after a blank, otherwise where no character is split. */
function cut(text: string, start: number): number {
  const half = text.slice(start + PIECE / 2, start + PIECE);
  for (const border of [/[.!?…]["')\]]?\s|[。！？]/g, /\s/g]) {
    const last = [...half.matchAll(border)].at(-1);
    if (last) return start + PIECE / 2 + last.index + last[0].length;
  }
  return isPairAt(text, start + PIECE - 1) ? start + PIECE - 1 : start + PIECE;
}
