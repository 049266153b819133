import { readBase64, runAt, type Base64, type Span } from './base64.ts';
import { mediaTypeOf, sniffMediaType } from './media-type.ts';
import type { MediaForm } from './media.ts';

/** Base64 within a text, with the head of its data URI. */
export interface Embedded extends Span, Base64 {
  /** The text before the base64 that belongs to it, e.g. `data:image/png;base64,`. Within the span. */
  readonly head?: string;
  readonly declared?: string | undefined;
}

/**
 * Data URIs, and files that are recognised by their first bytes. Shorter ones are icons in a stylesheet and the like:
 * a separate object would cost more than it saves.
 */
const SHORTEST_RUN = 256;
/** Bare base64 of any other content: longer than hashes, keys, and most tokens. */
const SHORTEST_UNKNOWN = 1024;
/** Every run that counts covers one of the probed positions. A prime, so that no line width is a multiple. */
const STRIDE = 251;
/** Characters of the longest head of a data URI. */
const LONGEST_HEAD = 300;

const DATA_URI_HEAD = /data:(?:[\w.+-]+\/[\w.+-]+)?(?:;[\w.+-]+=(?:"[^"\n]*"|[^;,"\s]*))*;base64,$/i;
/** An image in characters, which is SVG; other text is text. */
const CHARACTERS_HEAD = /^data:image\/[\w.+-]+(?:;[\w.+-]+(?:=[^;,"\s]*)?)*,$/i;
/** Enough to recognise a file by its first bytes. */
const FIRST_CHARACTERS = 64;

/**
 * All base64 in a text that is long enough to be content rather than a hash or a token, in order. Linear, and nearly
 * free for text without long runs: it probes one character in 251, and the run around it.
 */
export function findEmbedded(text: string): Embedded[] {
  const found: Embedded[] = [];
  let floor = 0;
  for (let at = STRIDE; at < text.length; at += STRIDE) {
    if (at < floor) continue;
    const run = runAt(text, at, floor);
    if (!run) continue;
    if (run.end - run.start >= SHORTEST_RUN) {
      const embedded = readRun(text, run, floor);
      if (embedded) found.push(embedded);
    }
    floor = run.end;
  }
  return found;
}

/** The content of a data URI, and how it is encoded. */
export interface DataUri {
  readonly bytes: Uint8Array;
  readonly form: MediaForm;
  readonly declared: string | undefined;
}

/**
 * The data URI that a whole text consists of, however short; undefined if it is not one, or could not be restored
 * exactly.
 */
export function readDataUri(text: string): DataUri | undefined {
  const comma = text.slice(0, LONGEST_HEAD).indexOf(',');
  const head = text.slice(0, comma + 1);
  const declared = declaredBy(head);
  if (DATA_URI_HEAD.exec(head)?.index === 0) {
    const base64 = readBase64(text.slice(comma + 1));
    return base64 && { bytes: base64.bytes, form: { ...base64.form, head }, declared };
  }
  if (!CHARACTERS_HEAD.test(head)) return undefined;
  const characters = text.slice(comma + 1);
  const encoded = characters.includes('%');
  const decoded = encoded ? decodedCharacters(characters) : characters;
  return decoded === undefined || decoded === ''
    ? undefined
    : { bytes: Buffer.from(decoded), form: { head, characters: encoded ? 'percent' : 'plain' }, declared };
}

function decodedCharacters(encoded: string): string | undefined {
  try {
    const decoded = decodeURIComponent(encoded);
    return encodeURIComponent(decoded) === encoded ? decoded : undefined;
  } catch {
    return undefined;
  }
}

function readRun(text: string, run: Span, floor: number): Embedded | undefined {
  const head = headBefore(text, run.start, floor);
  if (head === undefined && !isContent(text, run)) return undefined;
  const base64 = readBase64(text.slice(run.start, run.end));
  if (!base64) return undefined;
  if (head === undefined) return { ...base64, ...run };
  return { ...base64, start: run.start - head.length, end: run.end, head, declared: declaredBy(head) };
}

/** The head of the data URI whose content begins at `start`. */
function headBefore(text: string, start: number, floor: number): string | undefined {
  if (text[start - 1] !== ',') return undefined;
  const before = text.slice(Math.max(floor, start - LONGEST_HEAD), start);
  // The nearest one: within a head there is no other.
  return DATA_URI_HEAD.exec(before.slice(Math.max(0, before.toLowerCase().lastIndexOf('data:'))))?.[0];
}

function declaredBy(head: string): string | undefined {
  return mediaTypeOf(head.slice('data:'.length, -1));
}

/** Whether a run encodes bytes, and does not only look like it: a token, a key, a path, an identifier, numbers. */
function isContent(text: string, { start, end }: Span): boolean {
  if (isOfToken(text, start, end) || isOfKey(text, start)) return false;
  const first = Buffer.from(text.slice(start, start + FIRST_CHARACTERS).replaceAll('\\/', '/'), 'base64');
  const isFile = sniffMediaType(first) !== undefined;
  // A picture of one colour does not look random; its first bytes are proof enough.
  if (isFile && end - start >= SHORTEST_UNKNOWN && variety(text, start, end).distinct > 1) return true;
  return (isFile || end - start >= SHORTEST_UNKNOWN) && looksRandom(text, start, end);
}

/** A JSON Web Token or one like it: several runs, with a dot between. */
function isOfToken(text: string, start: number, end: number): boolean {
  return (
    (text[start - 1] === '.' && /[\w-]/.test(text.charAt(start - 2))) ||
    (text[end] === '.' && /[\w-]/.test(text.charAt(end + 1)))
  );
}

/** A certificate or key in PEM or OpenPGP form, which people read and paste as text. */
function isOfKey(text: string, start: number): boolean {
  return text.slice(Math.max(0, start - 400), start).includes('-----BEGIN ');
}

/** Characters that are looked at on either end of a run. */
const SAMPLE = 2048;

interface Variety {
  readonly upper: number;
  readonly lower: number;
  readonly digits: number;
  readonly symbols: number;
  readonly distinct: number;
}

/** Shares of the kinds of characters at the ends of a run, and how many different ones there are. */
function variety(text: string, start: number, end: number): Variety {
  const sample =
    end - start <= 2 * SAMPLE
      ? text.slice(start, end)
      : text.slice(start, start + SAMPLE) + text.slice(end - SAMPLE, end);
  const counts = new Uint32Array(128);
  for (let at = 0; at < sample.length; at += 1) counts[sample.charCodeAt(at) & 127]! += 1;
  const sum = (from: string, to: string) =>
    counts.subarray(from.charCodeAt(0), to.charCodeAt(0) + 1).reduce((a, b) => a + b);
  const [upper, lower, digits] = [sum('A', 'Z'), sum('a', 'z'), sum('0', '9')];
  const symbols = sum('+', '+') + sum('-', '-') + sum('/', '/') + sum('_', '_');
  const total = upper + lower + digits + symbols;
  return {
    upper: upper / total,
    lower: lower / total,
    digits: digits / total,
    symbols: symbols / total,
    distinct: counts.reduce((kinds, count, unit) => kinds + (count > 0 && unit > 32 ? 1 : 0), 0),
  };
}

/**
 * Whether letters of both cases, digits and symbols are mixed as in base64, where each group of six bits becomes one
 * of 64 characters: hexadecimal has too few kinds, identifiers and paths too few capitals and digits, paths too many
 * symbols.
 */
function looksRandom(text: string, start: number, end: number): boolean {
  const { upper, lower, digits, symbols, distinct } = variety(text, start, end);
  return (
    distinct >= 32 &&
    upper >= 0.15 &&
    upper <= 0.8 &&
    lower >= 0.12 &&
    lower <= 0.65 &&
    digits >= 0.03 &&
    symbols <= 0.08
  );
}
