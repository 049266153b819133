import { namesOfFile } from './generated-files.ts';
import { withoutNoise } from './noise.ts';

/** Shorter lines are written for people, whatever they contain. */
const LONG_LINE = 1_000;
/** The indexed beginning of a line that is not meant for reading: a banner, a name. */
const KEPT = 200;
/** Prose has one blank in six characters, code one in ten; of 94 minified bundles the least dense one in nineteen, most one in forty. */
const DENSE = 0.06;
/** The text in between is indexed, but a vector could not represent it. */
const HARDLY_SPACED = 0.1;
/** No word or address that people write is this long; for longer ones the beginning is enough. */
const LONGEST_RUN = 400;
const RUN = new RegExp(`[!-~]{${LONGEST_RUN + 1},}`, 'g');
const KEPT_OF_RUN = 60;
/** This many characters without a word are columns of numbers, bytes, or a picture of characters. */
const LONGEST_GAP = 1_000;
/** Including combining marks, which are half of the letters of Hindi or Thai, and a trailing number: `step12`. */
const WORD = /(?<!\w)[\p{L}\p{M}]{3,}\d{0,4}(?!\w)/gu;
/** Scripts without blanks are dense, but people read them. */
const MOSTLY_ASCII = 0.8;

export interface Readable {
  /** Text that is worth indexing. */
  readonly indexed: string;
  /** Text that is worth embedding. */
  readonly embedded: string;
}

/**
 * The parts of a text that are worth indexing, and worth embedding. Nobody reads minified code, source maps and lock
 * files: they are stored, but only their names and beginnings are indexed.
 */
export function readable(text: string): Readable {
  if (text.length < LONG_LINE) return { indexed: text, embedded: text };
  const names = namesOfFile(text);
  if (names !== undefined) return { indexed: names, embedded: '' };
  if (!hasLongLine(text)) return { indexed: text, embedded: text };
  const indexed: string[] = [];
  const embedded: string[] = [];
  for (const whole of text.split('\n')) {
    const line = whole.length < LONG_LINE ? whole : withoutRuns(whole);
    const spaced = line.length < LONG_LINE ? 1 : spacing(line);
    indexed.push(spaced < DENSE ? line.slice(0, KEPT) : line);
    if (spaced >= HARDLY_SPACED) embedded.push(line);
  }
  return { indexed: indexed.join('\n'), embedded: embedded.join('\n') };
}

/** A sentence that contains a key or a long address is still a sentence; a line that is a single run is not. */
function withoutRuns(line: string): string {
  const spoken = withoutNoise(line);
  return spoken.replace(RUN, ' ').search(WORD) < 0 ? spoken : spoken.replace(RUN, (run) => run.slice(0, KEPT_OF_RUN));
}

/** A text without long stretches that contain no word: a vector could not represent them. */
export function withoutGaps(text: string): string {
  if (text.length <= LONGEST_GAP) return text;
  const kept: string[] = [];
  let start = 0;
  let end = 0;
  const gapUntil = (at: number) => {
    if (at - end <= LONGEST_GAP) return;
    kept.push(text.slice(start, end));
    start = at;
  };
  for (const { index, 0: word } of text.matchAll(WORD)) {
    gapUntil(index);
    end = index + word.length;
  }
  gapUntil(text.length);
  return start === 0 ? text : [...kept, text.slice(start)].join('\n');
}

function hasLongLine(text: string): boolean {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    const next = end < 0 ? text.length : end;
    if (next - start >= LONG_LINE) return true;
    start = next + 1;
  }
  return false;
}

/** The share of blanks in a line; 1 if the line is not ASCII. */
function spacing(line: string): number {
  let blanks = 0;
  let ascii = 0;
  for (let at = 0; at < line.length; at += 1) {
    const unit = line.charCodeAt(at);
    if (unit < 128) ascii += 1;
    if (unit === 0x20 || unit === 0x09) blanks += 1;
  }
  return ascii / line.length < MOSTLY_ASCII ? 1 : blanks / line.length;
}
