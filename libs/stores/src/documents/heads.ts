import type { MessageHead, PartState, TextHead } from '@opensync/contracts';

/** A text of more bytes than this in UTF-8 is not part of its message's head. */
export const HEAD_TEXT_BYTES = 4096;
/** What a head shows of such a text, and the length of an excerpt; at most this many characters (UTF-16). */
export const EXCERPT_CHARACTERS = 1024;

/** The head of a text that is too long to be part of its message's head. */
export function textHeadOf(text: string): TextHead | undefined {
  // A UTF-16 unit is at most three bytes.
  if (text.length * 3 <= HEAD_TEXT_BYTES) return undefined;
  const size = Buffer.byteLength(text);
  return size > HEAD_TEXT_BYTES ? { preview: beginningOf(text), size } : undefined;
}

/** The first characters, without half of a surrogate pair. */
export function beginningOf(text: string): string {
  const last = text.charCodeAt(EXCERPT_CHARACTERS - 1);
  const splitsPair = text.length > EXCERPT_CHARACTERS && last >= 0xd800 && last < 0xdc00;
  return text.slice(0, splitsPair ? EXCERPT_CHARACTERS - 1 : EXCERPT_CHARACTERS);
}

/** The beginning of a message's own text; empty if it has none. */
export function ownExcerpt({ fields: { text } }: MessageHead): string {
  if (text === undefined) return '';
  return beginningOf(typeof text === 'string' ? text : text.preview);
}

/** Bytes of a message's own text, wherever it is stored. */
export function textBytes({ fields: { text } }: MessageHead): number {
  if (text === undefined) return 0;
  return typeof text === 'string' ? Buffer.byteLength(text) : text.size;
}

/** The JSON of a part's content and extra, and the bytes of both, stored here or in the payload store. */
export function bodiesOf({ content, contentRef, extra, extraRef }: PartState): {
  readonly content: string | null;
  readonly extra: string | null;
  readonly bytes: number;
} {
  const bodies = {
    content: contentRef || content === undefined ? null : JSON.stringify(content),
    extra: extraRef || extra === undefined ? null : JSON.stringify(extra),
  };
  const bytes = (json: string | null) => (json === null ? 0 : Buffer.byteLength(json));
  return {
    ...bodies,
    bytes: (contentRef?.size ?? bytes(bodies.content)) + (extraRef?.size ?? bytes(bodies.extra)),
  };
}

/** The number of text parts that an excerpt is made from. */
export const PARTS_OF_EXCERPT = 8;

/** Characters of JSON that hold an excerpt, however many of them are escapes (`\u0000`). */
export const EXCERPT_JSON_CHARACTERS = 6 * EXCERPT_CHARACTERS;

/** The beginning of the string whose JSON begins like this; empty for any other JSON. */
export function stringBeginning(json: string): string {
  if (!json.startsWith('"')) return '';
  const body = /^"(?:[^"\\]|\\(?:u[0-9a-fA-F]{4}|[^u]))*/.exec(json)![0];
  return beginningOf(JSON.parse(`${body}"`) as string);
}
