import { tokensIn, type MediaReference } from '@opensync/contracts';

/** Any JSON. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

/** Where a value is whole that a page shows cut. */
export interface FullLink {
  /** Bytes, as JSON if it is no text. */
  readonly size: number;
  readonly url: string;
}

/** The names of fields count as well as texts do; every value costs at least this. */
const VALUE_CHARACTERS = 4;

/**
 * The beginning of a text of more than `most` characters (UTF-16), without half of a character or of a blob's token;
 * undefined for one that is not longer.
 */
export function cutText(text: string, most: number, media: readonly MediaReference[] = []): string | undefined {
  if (text.length <= most) return undefined;
  let end = most;
  for (const token of tokensIn(text, media)) if (token.start < end && token.end > end) end = token.start;
  return text
    .slice(0, end)
    .toWellFormed()
    .replace(/\ufffd$/, '');
}

/**
 * A value of the same form with at most about `most` characters: texts are cut, and what no longer fits is left out;
 * undefined if nothing had to be.
 */
export function cutJson(value: unknown, most: number, media: readonly MediaReference[] = []): Json | undefined {
  let left = most;
  let isCut = false;
  const cut = (one: Json): Json => {
    if (typeof one === 'string') {
      const shorter = cutText(one, Math.max(0, left), media);
      left -= (shorter ?? one).length + VALUE_CHARACTERS;
      if (shorter === undefined) return one;
      isCut = true;
      return shorter;
    }
    left -= VALUE_CHARACTERS;
    if (one === null || typeof one !== 'object') return one;
    const shown: [string, Json][] = [];
    for (const [name, inner] of Object.entries(one)) {
      if (left <= 0) {
        isCut = true;
        break;
      }
      if (!Array.isArray(one)) left -= name.length;
      shown.push([name, cut(inner as Json)]);
    }
    return Array.isArray(one) ? shown.map(([, inner]) => inner) : Object.fromEntries(shown);
  };
  const shown = cut(value as Json);
  return isCut ? shown : undefined;
}

/** The address of a message's text, or of the content or extra of one of its parts. */
export function contentUrl(
  sessionId: string,
  messageId: string,
  { part, of }: { readonly part?: number; readonly of?: 'extra' } = {},
): string {
  const query = [...(part === undefined ? [] : [`part=${part}`]), ...(of ? [`of=${of}`] : [])].join('&');
  return `/api/sessions/${sessionId}/messages/${messageId}/content${query === '' ? '' : `?${query}`}`;
}
