import { decodeHTMLStrict } from 'entities/decode';
import { visibleText } from './terminal.ts';

/**
 * A text in the form of the index: as a terminal would show it, HTML entities decoded, compatibility forms (full and
 * half width, ligatures, ½) in their usual form, accents composed (NFKC), invisible characters removed. Emoji keep
 * the joiners and tags that hold them together. Documents, queries and snippets all use this; stored texts are
 * unchanged.
 */
export interface NormalText {
  readonly text: string;
  /** The piece of {@link visible} that a piece of {@link text} was made of; offsets in UTF-16, ends exclusive. */
  origin(start: number, end: number): { readonly start: number; readonly end: number };
  /** The displayable text: the given text without terminal sequences, otherwise unchanged. */
  readonly visible: string;
  /** Whether {@link text} is {@link visible}, so that offsets in both are the same. */
  readonly isVisible: boolean;
  /** Whether {@link text} is ASCII alone. */
  readonly isAscii: boolean;
}

const ASCII = /^[\x00-\x7f]*$/;
/** Also where an entity was encoded again: `&amp;lt;`. */
const ENTITY = /&(?:amp;)*(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z][a-zA-Z\d]{1,31});/g;
const INVISIBLE = String.raw`[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]`;
const HAS_INVISIBLE = new RegExp(INVISIBLE, 'v');

const PERSON = String.raw`\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?`;
/** One picture to people: a flag, a keycap, persons and things that are joined, the flag of a region. */
export const EMOJI = [
  String.raw`\p{Regional_Indicator}{2}`,
  String.raw`[0-9#*]\ufe0f?\u20e3`,
  String.raw`${PERSON}(?:[\u{e0020}-\u{e007e}]+\u{e007f}|(?:\u200d${PERSON})*)`,
].join('|');
const EMOJI_OR_INVISIBLE = new RegExp(String.raw`(${EMOJI})|${INVISIBLE}+`, 'gv');

/** What composes with the character before it, under NFKC: marks, half-width voicing marks, vowels and tails of Hangul. */
const COMPOSING = String.raw`[\p{M}\uff9e\uff9f\u1160-\u11ff\u3131-\u318e\uffa0-\uffdc\ud7b0-\ud7fb\ua960-\ua97c]`;
/** Letters that are in their usual form already, which most texts are made of: left out, because every piece costs. */
const STABLE = String.raw`[\xc0-\xff\u0391-\u03a1\u03a3-\u03c9\u0400-\u052f\u05d0-\u05ea\u0621-\u064a\u0904-\u0939\u0e01-\u0e30\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]`;
/** The least pieces of a text that are normalised each by itself to the same as all of it at once. */
const PIECES = new RegExp(
  String.raw`(?<emoji>${EMOJI})|[^](?:${COMPOSING}|${INVISIBLE})*(?:${COMPOSING}|${INVISIBLE})|[[^\x00-\x7f]--${STABLE}]`,
  'gv',
);
const ALL_INVISIBLE = new RegExp(INVISIBLE, 'gv');

/** {@link NormalText.text} alone, for texts that are indexed. Linear, and next to nothing for plain ASCII. */
export function normalText(text: string): string {
  const visible = visibleText(text);
  const decoded = visible.includes('&') ? visible.replace(ENTITY, decodeEntity) : visible;
  return ASCII.test(decoded) ? decoded : normalForms(decoded);
}

function normalForms(text: string): string {
  const plain = HAS_INVISIBLE.test(text) ? text.replace(EMOJI_OR_INVISIBLE, (_, emoji?: string) => emoji ?? '') : text;
  return plain.normalize('NFKC');
}

function decodeEntity(entity: string): string {
  const name = entity.slice(entity.lastIndexOf('&') + 1).replace(/^(?:amp;)+(?=.)/, '');
  const decoded = decodeHTMLStrict(`&${name}`);
  return decoded === `&${name}` ? entity : decoded;
}

/** The same with a mapping back, for texts of which a piece is shown. */
export function normalise(text: string): NormalText {
  const visible = visibleText(text);
  const decoded = visible.includes('&') ? replaced(visible, ENTITY, decodeEntity) : { text: visible, edits: [] };
  const isAscii = ASCII.test(decoded.text);
  const normal = isAscii
    ? { text: decoded.text, edits: [] }
    : replaced(decoded.text, PIECES, (piece, emoji) => (emoji ?? piece.replace(ALL_INVISIBLE, '')).normalize('NFKC'));
  return {
    text: normal.text,
    isVisible: decoded.edits.length === 0 && normal.edits.length === 0,
    isAscii,
    origin(start, end) {
      const inDecoded = spanBefore(normal.edits, start, end);
      return spanBefore(decoded.edits, inDecoded.start, inDecoded.end);
    },
    visible,
  };
}

/** A position where a text was changed: the piece after it and before it. Ascending. */
interface Edit {
  readonly at: number;
  readonly length: number;
  readonly origin: number;
  readonly originLength: number;
}

function replaced(
  text: string,
  pattern: RegExp,
  replace: (piece: string, group?: string) => string,
): { readonly text: string; readonly edits: readonly Edit[] } {
  const edits: Edit[] = [];
  let shift = 0;
  const changed = text.replace(pattern, (piece: string, ...rest: unknown[]) => {
    const groups = rest.at(-1);
    const [group, origin] = typeof groups === 'object' ? [rest[0], rest.at(-3)] : [undefined, rest.at(-2)];
    const by = replace(piece, group as string | undefined);
    if (by !== piece) {
      const edit = {
        at: (origin as number) + shift,
        length: by.length,
        origin: origin as number,
        originLength: piece.length,
      };
      edits.push(edit);
      shift += by.length - piece.length;
    }
    return by;
  });
  return { text: changed, edits };
}

function spanBefore(edits: readonly Edit[], start: number, end: number): { start: number; end: number } {
  if (edits.length === 0) return { start, end };
  const first = lastUpTo(edits, start);
  const from = first && start < first.at + first.length ? first.origin : start + shiftAfter(first);
  if (end <= start) return { start: from, end: from };
  const last = lastUpTo(edits, end - 1);
  const to = last && end - 1 < last.at + last.length ? last.origin + last.originLength : end + shiftAfter(last);
  return { start: from, end: to };
}

function shiftAfter(edit: Edit | undefined): number {
  return edit ? edit.origin + edit.originLength - edit.at - edit.length : 0;
}

/** The last edit that begins at or before an offset. */
function lastUpTo(edits: readonly Edit[], offset: number): Edit | undefined {
  let [low, high] = [0, edits.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edits[middle]!.at <= offset) low = middle + 1;
    else high = middle;
  }
  return edits[low - 1];
}
