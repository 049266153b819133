import { z } from 'zod';

/** How a blob was encoded in the request, so that it can be restored exactly. See `Base64Form`. */
const mediaFormSchema = z.object({
  /** Text before the base64 that was extracted with it: the head of a data URI. */
  head: z.string().optional(),
  urlSafe: z.literal(true).optional(),
  escapedSlashes: z.literal(true).optional(),
  tail: z.string().optional(),
  width: z.number().int().positive().optional(),
  lineEnd: z.string().optional(),
  /** Not base64 but characters, as a data URI may have them: as they are, or percent-encoded. */
  characters: z.enum(['plain', 'percent']).optional(),
  /** Not base64 but numbers: an array of them, or an object with the keys `0`, `1`, `2` …, as typed arrays are in JSON. */
  numbers: z.enum(['array', 'object']).optional(),
});
export type MediaForm = z.infer<typeof mediaFormSchema>;

/** A blob that was extracted from a text or a part. Its bytes are in the payload store, under the owner. */
export const mediaReferenceSchema = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Bytes. */
  size: z.number().int().nonnegative(),
  /** Without parameters. The detected type, otherwise the declared one, otherwise `application/octet-stream`. */
  mediaType: z.string(),
  /** The file's name as sent. */
  name: z.string().optional(),
  /** Absent: as base64 in the standard alphabet, padded, in one line. */
  form: mediaFormSchema.optional(),
  /** Distinguishes the tokens from text that looks like them; see `tokenOf`. Absent: 0. */
  mark: z.number().int().positive().optional(),
});
export type MediaReference = z.infer<typeof mediaReferenceSchema>;

/**
 * The token that replaces the blob with this index in a text: characters that need no escaping in JSON, Markdown, CSS
 * or URLs.
 */
export function tokenOf(media: MediaReference, index: number): string {
  return `${prefixOf(media.mark)}${media.sha256}/${index}`;
}

/** The prefix of tokens. */
export function prefixOf(mark = 0): string {
  return `opensync:media${mark === 0 ? '' : `-${mark}`}/`;
}

const TOKEN = /opensync:media(?:-\d+)?\/[0-9a-f]{64}\/(\d+)/g;
const SHOWN_TOKEN = new RegExp(String.raw`!?\[([^\[\]\n]{0,300})\]\((?:${TOKEN.source})\)|${TOKEN.source}`, 'g');

/** A text without tokens; the description of a Markdown image stays. For titles and words. */
export function withoutTokens(text: string): string {
  return text.includes('opensync:media')
    ? text.replace(SHOWN_TOKEN, (_, description = '') => ` ${description} `)
    : text;
}

export interface Token {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly media: MediaReference;
}

/** The tokens of these references in a text, in order; text that only looks like a token is ignored. */
export function* tokensIn(text: string, media: readonly MediaReference[]): Generator<Token> {
  if (media.length === 0 || !text.includes('opensync:media')) return;
  for (const { index: start, 0: token, 1: digits } of text.matchAll(TOKEN)) {
    const index = Number(digits);
    const reference = media[index];
    if (reference && tokenOf(reference, index) === token) {
      yield { start, end: start + token.length, media: reference };
    }
  }
}

/** The index of the reference whose token is the whole text. */
export function indexOfToken(text: string, media: readonly MediaReference[]): number | undefined {
  const index = Number(/^opensync:media(?:-\d+)?\/[0-9a-f]{64}\/(\d+)$/.exec(text)?.[1] ?? NaN);
  return media[index] && tokenOf(media[index], index) === text ? index : undefined;
}
