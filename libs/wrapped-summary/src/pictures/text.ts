import { Resvg } from '@resvg/resvg-js';
import { FONTS, LATIN_FONTS } from './fonts.ts';

/**
 * Scripts whose letters join need a font of their own: resvg takes a missing glyph from another font only if a line has as many
 * glyphs there, and drops the line otherwise. So a line is drawn in runs of one font each.
 */
const SCRIPTS: readonly (readonly [pattern: string, family: string])[] = [
  ['\\p{RGI_Emoji}+', 'Noto Emoji'],
  [
    '[\\p{Script=Arabic}\\u064b-\\u0652]+(?:[ \\u200c\\u200d]+[\\p{Script=Arabic}\\u064b-\\u0652]+)*',
    'Noto Sans Arabic SemiBold',
  ],
  ['\\p{Script=Hebrew}+(?: +\\p{Script=Hebrew}+)*', 'Noto Sans Hebrew SemiBold'],
];
const RUNS = new RegExp(SCRIPTS.map(([pattern], at) => `(?<s${at}>${pattern})`).join('|'), 'gv');
const RIGHT_TO_LEFT = /^[^\p{L}]*[\p{Script=Arabic}\p{Script=Hebrew}]/u;
/** Control characters, which XML does not allow, halves of pairs, and marks that reorder what follows. */
const UNSEEN = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;

export interface TextStyle {
  readonly size: number;
  readonly weight?: number;
  readonly family?: string;
  readonly fill?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly spacing?: number;
  readonly opacity?: number;
  /** What does not fit becomes smaller down to two thirds, then is cut. */
  readonly within?: number;
  /** It becomes as small as it must, and is never cut: for numbers. */
  readonly whole?: true;
}

interface Run {
  readonly value: string;
  readonly family: string | undefined;
}

/** A line of text with its baseline at `y`. Of mixed directions, the first letter decides which side it begins on. */
export function text(x: number, y: number, value: string, style: TextStyle): string {
  const clean = value.replaceAll(UNSEEN, ' ');
  const { size, line } =
    style.within === undefined ? { size: style.size, line: clean } : fit(clean, style, style.within);
  const drawn = { ...style, size };
  const runs = runsOf(line);
  // Most lines: resvg places them.
  if (runs.every(({ family }) => family === undefined)) return element(x, y, { value: line, family: undefined }, drawn);
  if (runs.length === 1) return element(x, y, runs[0]!, drawn);
  const widths = new Map(runs.map((run) => [run, widthOfRun(run, drawn)]));
  const total = [...widths.values()].reduce((sum, width) => sum + width, 0);
  let at = x - { start: 0, middle: total / 2, end: total }[style.anchor ?? 'start'];
  const visual = RIGHT_TO_LEFT.test(line) ? runs.toReversed() : runs;
  return visual
    .map((run) => {
      const drawnRun = element(at, y, run, { ...drawn, anchor: 'start' });
      at += widths.get(run)!;
      return drawnRun;
    })
    .join('');
}

export function widthOf(value: string, style: TextStyle): number {
  return runsOf(value.replaceAll(UNSEEN, ' ')).reduce((sum, run) => sum + widthOfRun(run, style), 0);
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function runsOf(line: string): readonly Run[] {
  const runs: Run[] = [];
  let end = 0;
  // Blanks are runs of their own: of a line that is read from the right, they stay between the same two.
  const plain = (value: string) => {
    for (const part of value.match(/^ +| +$|[^ ](?:.*[^ ])?/gs) ?? []) runs.push({ value: part, family: undefined });
  };
  for (const match of line.matchAll(RUNS)) {
    const at = SCRIPTS.findIndex((_, index) => match.groups![`s${index}`] !== undefined);
    plain(line.slice(end, match.index));
    runs.push({ value: match[0], family: SCRIPTS[at]![1] });
    end = match.index + match[0].length;
  }
  plain(line.slice(end));
  return runs.length === 0 ? [{ value: '', family: undefined }] : runs;
}

function element(x: number, y: number, { value, family }: Run, style: TextStyle): string {
  const attributes = {
    x: round(x),
    y: round(y),
    'font-size': round(style.size),
    'font-family': family ?? style.family ?? 'Space Grotesk',
    'font-weight': style.weight ?? 500,
    fill: style.fill,
    'text-anchor': style.anchor,
    // It would separate letters that join.
    'letter-spacing': family === undefined ? style.spacing : undefined,
    opacity: style.opacity,
  };
  const given = Object.entries(attributes).filter(([, attribute]) => attribute !== undefined);
  return `<text xml:space="preserve" ${given.map(([name, attribute]) => `${name}="${attribute}"`).join(' ')}>${escaped(value)}</text>`;
}

/** At size 100. */
const WIDTHS = new Map<string, number>();
const MOST_WIDTHS = 2000;
const SMALLEST = 2 / 3;

function widthOfRun({ value, family }: Run, style: TextStyle): number {
  const spacing = family === undefined ? (style.spacing ?? 0) / style.size : 0;
  const key = JSON.stringify([value, style.weight, family ?? style.family, spacing]);
  let width = WIDTHS.get(key);
  if (width === undefined) {
    if (WIDTHS.size >= MOST_WIDTHS) WIDTHS.clear();
    const { fill: _, anchor: __, opacity: ___, within: ____, ...rest } = style;
    const measured = { ...rest, size: 100, spacing: spacing * 100 };
    // Bars around it, so that blanks at the ends count. A bar of another font would not.
    const bar = family === undefined ? '|' : '';
    const bars = family === undefined ? boxOf(element(0, 0, { value: '||', family }, measured)) : 0;
    WIDTHS.set(key, (width = boxOf(element(0, 0, { value: `${bar}${value}${bar}`, family }, measured)) - bars));
  }
  return (width * style.size) / 100;
}

/** Most texts: the large fonts need not be opened to measure them. */
const LATIN = /^[\u0000-\u024f\u2010-\u2026]*$/;

function boxOf(drawn: string): number {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1">${drawn}</svg>`;
  return new Resvg(svg, LATIN.test(drawn) ? LATIN_FONTS : FONTS).getBBox()?.width ?? 0;
}

function fit(value: string, style: TextStyle, within: number): { size: number; line: string } {
  const width = widthOf(value, style);
  if (width <= within) return { size: style.size, line: value };
  const fitting = (style.size * within) / width;
  if (style.whole) return { size: fitting, line: value };
  const size = Math.max(style.size * SMALLEST, fitting);
  if (size === fitting) return { size, line: value };
  const letters = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(value)].map(
    ({ segment }) => segment,
  );
  const cut = (count: number) => `${letters.slice(0, count).join('').trimEnd()}…`;
  let [low, high] = [0, Math.min(letters.length, MOST_LETTERS)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (widthOf(cut(middle), { ...style, size }) <= within) low = middle;
    else high = middle - 1;
  }
  return { size, line: cut(low) };
}

/** No line of a picture has more. */
const MOST_LETTERS = 128;

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
