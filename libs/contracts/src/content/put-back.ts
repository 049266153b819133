import { writeBase64 } from './base64.ts';
import { isObject, type Json } from './json.ts';
import { indexOfToken, replaceTokens, type MediaReference } from './media.ts';

/** Gives the bytes of a reference as they stood in what was sent; the inverse of `takeOut` for one blob. Pure. */
export function mediaAsSent({ form = {} }: MediaReference, bytes: Uint8Array): Json {
  if (form.numbers === 'array') return Array.from(bytes);
  if (form.numbers === 'object') return Object.fromEntries(Array.from(bytes, (byte, at) => [at, byte]));
  const head = form.head ?? '';
  if (form.characters === undefined) return head + writeBase64(bytes, form);
  const text = Buffer.from(bytes).toString();
  return head + (form.characters === 'percent' ? encodeURIComponent(text) : text);
}

/**
 * A value with something else in place of each token: a link, or the blob as it was sent. A text that is one token as
 * a whole becomes whatever the replacement is; within a longer text it has to be text. Pure.
 */
export function putBack(
  value: Json,
  media: readonly MediaReference[],
  replacement: (media: MediaReference, index: number) => Json,
): Json {
  if (media.length === 0) return value;
  const walk = (at: Json): Json => {
    if (typeof at === 'string') {
      const index = indexOfToken(at, media);
      if (index !== undefined) return replacement(media[index]!, index);
      return replaceTokens(at, media, (reference, index) => String(replacement(reference, index)));
    }
    if (Array.isArray(at)) return at.map(walk);
    if (!isObject(at)) return at;
    return Object.fromEntries(Object.entries(at).map(([key, item]) => [key, walk(item)]));
  };
  return walk(value);
}
