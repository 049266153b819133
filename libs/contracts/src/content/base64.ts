import { Buffer } from 'node:buffer';

/**
 * How bytes were written as base64 in a request. Empty: the standard alphabet, padded, in one line. `writeBase64`
 * restores exactly what `readBase64` has read; `readBase64` does not accept base64 that could not be restored.
 */
export interface Base64Form {
  /** `-` and `_` instead of `+` and `/`. */
  readonly urlSafe?: true;
  /** Each `/` is written `\/`, as some JSON encoders do. */
  readonly escapedSlashes?: true;
  /** The characters after the last whole group of four, if an encoder would end differently: no padding, stray bits. */
  readonly tail?: string;
  /** Lines of this many characters … */
  readonly width?: number;
  /** … that end with this: a line break, as a character or as the escape of a JSON string, and the next line's indent. */
  readonly lineEnd?: string;
}

export interface Base64 {
  readonly bytes: Buffer;
  readonly form: Base64Form;
}

export interface Span {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** Which UTF-16 units below 128 are base64, in either alphabet. */
const IN_ALPHABET = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_') {
  IN_ALPHABET[character.charCodeAt(0)] = 1;
}
const BACKSLASH = 0x5c;
const SLASH = 0x2f;
const PADDING = 0x3d;
const SPACE = 0x20;
const TAB = 0x09;
const NEWLINE = 0x0a;
const LETTER_N = 0x6e;

/** Narrower lines are a list of words rather than one wrapped text. */
const NARROWEST = 40;
const LINE_END = String.raw`(?:\r?\n|(?:\\r)?\\n)[ \t]{0,32}`;
const LINE_END_HERE = new RegExp(LINE_END, 'y');
const LINE_END_BEFORE = new RegExp(`${LINE_END}$`);
const FIRST_LINE_END = new RegExp(LINE_END);
const LONGEST_LINE_END = 36;

/**
 * The run of base64 characters around the one at `index`, over all lines of a wrapped text and with its padding;
 * undefined if there is no base64 character. Linear in the length of the run; it does not interpret the run.
 * @param floor the run cannot begin before this
 */
export function runAt(text: string, index: number, floor = 0): Span | undefined {
  if (!isInAlphabet(text, index)) return undefined;
  let start = startOfLine(text, index, floor);
  let end = endOfLine(text, Math.max(index, start));
  // Ordinary words are not next to line ends, and most of the text is ordinary words.
  const lineEnd =
    end - start >= NARROWEST || followsBreak(text, start, floor)
      ? (lineEndAt(text, end) ?? lineEndBefore(text, start, floor))
      : undefined;
  if (lineEnd !== undefined) {
    // The line at `index` may be the last one and shorter; the one before it has the full width then.
    const isLast = lineEndAt(text, end) !== lineEnd;
    const width = isLast ? widthBefore(text, start - lineEnd.length, floor) : end - start;
    if (width >= NARROWEST) {
      while (endsLine(text, start - lineEnd.length, { lineEnd, width, floor })) start -= lineEnd.length + width;
      while (end - start >= width && text.startsWith(lineEnd, end)) {
        const next = end + lineEnd.length;
        const length = endOfLine(text, next) - next;
        if (length === 0 || length > width) break;
        end = next + length;
        if (length < width) break;
      }
    }
  }
  return end > start ? { start, end: endOfPadding(text, end) } : undefined;
}

function isInAlphabet(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  // Beyond the text it is NaN, which is not less than anything.
  return unit < 128 && IN_ALPHABET[unit] === 1;
}

function endOfLine(text: string, from: number): number {
  let end = from;
  for (;;) {
    if (isInAlphabet(text, end)) end += 1;
    else if (text.charCodeAt(end) === BACKSLASH && text.charCodeAt(end + 1) === SLASH) end += 2;
    else return end;
  }
}

function startOfLine(text: string, index: number, floor: number): number {
  let start = index;
  while (start > floor) {
    const before = text.charCodeAt(start - 1);
    const isOfSlash = before === BACKSLASH && text.charCodeAt(start) === SLASH;
    if (!isOfSlash && !isInAlphabet(text, start - 1)) break;
    start -= 1;
  }
  // The letter of an escaped line break or tab (`\n` as two characters) does not belong to the run.
  const isEscape = start > 0 && text.charCodeAt(start - 1) === BACKSLASH && 'nrt'.includes(text.charAt(start));
  return isEscape ? start + 1 : start;
}

/** Whether only an indent is between a line break, or the letter of an escaped one, and `start`. */
function followsBreak(text: string, start: number, floor: number): boolean {
  let at = start - 1;
  while (at > floor && (text.charCodeAt(at) === SPACE || text.charCodeAt(at) === TAB)) at -= 1;
  const unit = text.charCodeAt(at);
  return unit === NEWLINE || (unit === LETTER_N && text.charCodeAt(at - 1) === BACKSLASH);
}

function lineEndAt(text: string, index: number): string | undefined {
  LINE_END_HERE.lastIndex = index;
  return LINE_END_HERE.exec(text)?.[0];
}

function lineEndBefore(text: string, index: number, floor: number): string | undefined {
  return LINE_END_BEFORE.exec(text.slice(Math.max(floor, index - LONGEST_LINE_END), index))?.[0];
}

function widthBefore(text: string, end: number, floor: number): number {
  return end - startOfLine(text, end, floor);
}

/** Whether a whole line of the width ends at `end`, and the line end follows. */
function endsLine(
  text: string,
  end: number,
  { lineEnd, width, floor }: { lineEnd: string; width: number; floor: number },
): boolean {
  return end - width >= floor && text.startsWith(lineEnd, end) && widthBefore(text, end, floor) === width;
}

function endOfPadding(text: string, index: number): number {
  let end = index;
  while (end < index + 2 && text.charCodeAt(end) === PADDING) end += 1;
  return end;
}

/** The bytes that a text encodes as base64, if they can be written again exactly as they were; otherwise undefined. */
export function readBase64(sent: string): Base64 | undefined {
  const form: { -readonly [Field in keyof Base64Form]: Base64Form[Field] } = {};
  let text = sent;
  const lineEnd = FIRST_LINE_END.exec(text)?.[0];
  if (lineEnd !== undefined) {
    form.width = text.indexOf(lineEnd);
    form.lineEnd = lineEnd;
    text = text.replaceAll(lineEnd, '');
  }
  if (text.includes('\\/')) {
    form.escapedSlashes = true;
    text = text.replaceAll('\\/', '/');
  }
  if (/[-_]/.test(text)) form.urlSafe = true;
  if (!(form.urlSafe ? /^[\w-]+={0,2}$/ : /^[A-Za-z\d+/]+={0,2}$/).test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  const whole = charactersInGroups(bytes);
  const tail = text.slice(whole);
  if (encode(bytes.subarray((whole / 4) * 3), form) !== tail) form.tail = tail;
  return writeBase64(bytes, form) === sent ? { bytes, form } : undefined;
}

/** Bytes as they were written in the request: the inverse of `readBase64`. */
export function writeBase64(bytes: Uint8Array, form: Base64Form): string {
  const writer = new Base64Writer(form);
  return writer.write(bytes) + writer.end();
}

/** Writes bytes that come in pieces. */
export class Base64Writer {
  readonly #form: Base64Form;
  /** Bytes of a group that is not whole yet. */
  #rest = Buffer.alloc(0);
  /** Characters on the line so far. */
  #column = 0;

  constructor(form: Base64Form) {
    this.#form = form;
  }

  write(piece: Uint8Array): string {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : bufferOf(piece);
    const whole = bytes.length - (bytes.length % 3);
    this.#rest = Buffer.from(bytes.subarray(whole));
    return this.#asSent(encode(bytes.subarray(0, whole), this.#form));
  }

  end(): string {
    return this.#asSent(this.#form.tail ?? encode(this.#rest, this.#form));
  }

  #asSent(characters: string): string {
    const { escapedSlashes, width, lineEnd = '\n' } = this.#form;
    const text = escapedSlashes ? characters.replaceAll('/', '\\/') : characters;
    if (!width || text === '') return text;
    const lines: string[] = [];
    for (let at = 0; at < text.length;) {
      if (this.#column === width) {
        lines.push(lineEnd);
        this.#column = 0;
      }
      const line = text.slice(at, at + width - this.#column);
      lines.push(line);
      this.#column += line.length;
      at += line.length;
    }
    return lines.join('');
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The number of characters of the whole groups: four for every three bytes. */
function charactersInGroups(bytes: Uint8Array): number {
  return Math.floor(bytes.length / 3) * 4;
}

function encode(bytes: Buffer, { urlSafe }: Base64Form): string {
  const text = bytes.toString('base64');
  return urlSafe ? text.replaceAll('+', '-').replaceAll('/', '_') : text;
}
