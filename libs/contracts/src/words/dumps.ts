/** The end of a line, also escaped within a string, with the line number that tools put before the next line. */
const NEXT_LINE = String.raw`(?:\r?\n|\\r|\\n)[^\S\n]*(?:\d+[→|][^\S\n]*)?`;
/** A key or certificate (RFC 7468), possibly truncated; a key may have header lines. */
const PEM = new RegExp(
  String.raw`(-----BEGIN [A-Z\d ]{3,40}-----)` +
    `(?:${NEXT_LINE}(?:[A-Za-z\\d+/]{16,}={0,2}|(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset): [^\\n]*|(?=[\\r\\n\\\\])))*` +
    `(?:(?:${NEXT_LINE}[A-Za-z\\d+/=]{1,76}){0,2}${NEXT_LINE}-----END [A-Z\\d ]{3,40}-----)?`,
  'g',
);
/** Data URIs of files that are not base64, such as an icon in a style sheet. */
const DATA_URI = /\bdata:(?:image|font|audio|video|application)\/[\w.+-]+(?:;[\w.+=-]+)*,[^\s"'`()<>]{40,}/gi;
/** A block of a binary Git patch: its lines begin with their length and are base85. */
const PATCH = /^(?:literal|delta) \d+\r?\n(?:[A-Za-z][^\s]{5,66}(?:\r?\n|$))+/gm;
/**
 * A line of xxd, hexdump or od: an offset, bytes, and often the same as characters. Tools put the line number before
 * it.
 */
const DUMP_LINE =
  /^[^\S\n]*(?:\d+[→|][^\S\n]*)?[\da-f]{4,16}:?[^\S\n]+((?:(?:[\da-f]{2}){1,4}(?:[^\S\n]+|-|$)){4,})[^\n]*$/gim;
/** Fewer lines are an example in an explanation. */
const FEWEST_LINES = 3;

/** A text without keys, byte dumps, binary patches, and files in data URIs. */
export function withoutDumps(text: string): string {
  let spoken = text;
  if (spoken.includes('-----BEGIN ')) spoken = spoken.replace(PEM, '$1 ');
  if (spoken.includes('data:')) spoken = spoken.replace(DATA_URI, ' ');
  if (spoken.includes('GIT binary patch')) spoken = spoken.replace(PATCH, ' ');
  return isDump(spoken) ? spoken.replace(DUMP_LINE, ' ') : spoken;
}

/** Columns of numbers look the same, except for the digits a to f. */
function isDump(text: string): boolean {
  let lines = 0;
  let lettered = 0;
  for (const [, bytes] of text.matchAll(DUMP_LINE)) {
    lines += 1;
    if (/[a-f]/i.test(bytes!)) lettered += 1;
  }
  return lines >= FEWEST_LINES && lettered > lines / 2;
}
