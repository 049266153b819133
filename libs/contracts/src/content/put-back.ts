import { Base64Writer, writeBase64 } from './base64.ts';
import { isObject, type Json } from './json.ts';
import { tokensIn, type MediaReference } from './media.ts';

/** The bytes of a reference as they were written in the request; the inverse of `takeOut` for one blob. Pure. */
export function mediaAsSent({ form = {} }: MediaReference, bytes: Uint8Array): Json {
  if (form.numbers === 'array') return Array.from(bytes);
  if (form.numbers === 'object') return Object.fromEntries(Array.from(bytes, (byte, at) => [at, byte]));
  const head = form.head ?? '';
  if (form.characters === undefined) return head + writeBase64(bytes, form);
  const text = Buffer.from(bytes).toString();
  return head + (form.characters === 'percent' ? encodeURIComponent(text) : text);
}

/**
 * As `mediaAsSent`, as JSON text in pieces, for blobs that are too large to hold in memory. Without quotes if it is a
 * string.
 */
export async function* mediaAsSentJson(
  { form = {} }: MediaReference,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  if (form.numbers !== undefined) return yield* numbersJson(form.numbers, pieces);
  if (form.head !== undefined) yield inString(form.head);
  if (form.characters !== undefined) return yield* charactersJson(form.characters, pieces);
  const writer = new Base64Writer(form);
  for await (const piece of pieces) yield inString(writer.write(piece));
  yield inString(writer.end());
}

async function* numbersJson(shape: 'array' | 'object', pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let at = 0;
  yield shape === 'array' ? '[' : '{';
  for await (const piece of pieces) {
    const items = Array.from(piece, (byte, offset) => (shape === 'array' ? byte : `"${at + offset}":${byte}`));
    yield (at > 0 && items.length > 0 ? ',' : '') + items.join();
    at += piece.length;
  }
  yield shape === 'array' ? ']' : '}';
}

/** SVG is small, and its encoding cannot be split. */
async function* charactersJson(form: 'plain' | 'percent', pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const text = Buffer.concat(await Array.fromAsync(pieces)).toString();
  yield inString(form === 'percent' ? encodeURIComponent(text) : text);
}

function inString(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The approximate length of a blob in its original place, in characters. */
export function lengthAsSent({ size, form }: MediaReference): number {
  return form?.numbers === undefined ? Math.ceil(size / 3) * 4 : size * 5;
}

/**
 * A value with each token replaced: by a link, or by the blob as it was sent. A text that consists of one token
 * becomes the replacement itself, of any type; within a longer text the replacement must be text. Pure.
 */
export function putBack(
  value: Json,
  media: readonly MediaReference[],
  replacement: (media: MediaReference) => Json,
): Json {
  if (typeof value === 'string') return inText(value, media, replacement);
  if (Array.isArray(value)) return value.map((item) => putBack(item, media, replacement));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, putBack(item, media, replacement)]));
}

function inText(text: string, media: readonly MediaReference[], replacement: (media: MediaReference) => Json): Json {
  let replaced = '';
  let at = 0;
  for (const { start, end, media: reference } of tokensIn(text, media)) {
    const instead = replacement(reference);
    if (end - start === text.length) return instead;
    replaced += text.slice(at, start) + String(instead);
    at = end;
  }
  return replaced + text.slice(at);
}
