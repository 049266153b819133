import { isJsonObject, type JsonObject } from './parsed.ts';
import { kindOf, leftOut, wellFormed } from './readers.ts';
import type { Reading } from './reading.ts';

/** A message's own text, and its parts as they were sent. */
export interface MessageContent {
  readonly text?: string;
  /** Undefined if no parts were sent, which leaves the stored ones unchanged. */
  readonly parts?: unknown;
}

/** Names under which clients send the text, in order of precedence. */
const TEXT_NAMES = ['textContent', 'text_content', 'content', 'text'];
/** Names of text or parts within an object. */
const INNER_NAMES = ['text', 'content', 'value', 'parts'];

/**
 * The text and the parts of a message. `content` is either: a string or `{text}` is the text, a list (or Gemini's
 * `{parts}`) is the parts, unless parts were sent as well. An empty text is a text, and blanks are kept.
 */
export function readContent(body: JsonObject, reading: Reading): MessageContent {
  const parts = body.parts ?? undefined;
  let text: string | undefined;
  let list: unknown;
  for (const path of TEXT_NAMES) {
    const value = body[path];
    if (value === undefined || value === null) continue;
    const read = readText(value, { field: 'textContent', path }, reading);
    if (typeof read === 'string') text = text || read;
    else list ??= read;
  }
  const allParts = parts ?? list;
  return { ...(text !== undefined && { text }), ...(allParts !== undefined && { parts: allParts }) };
}

interface Place {
  readonly field: string;
  readonly path: string;
}

/** A string for text, a list for parts, otherwise undefined. */
function readText(value: unknown, place: Place, reading: Reading): string | readonly unknown[] | undefined {
  if (typeof value === 'string') return wellFormed(value, place, reading);
  if (Array.isArray(value)) return value as readonly unknown[];
  if (typeof value === 'number') {
    reading.warn(place.field, place.path, 'wrong-type', 'a number, read as text');
    return String(value);
  }
  if (isJsonObject(value)) {
    // A single part: {type: 'tool_use', …}.
    if (typeof value.type === 'string' && value.type !== 'text') return [value];
    const name = INNER_NAMES.find(
      (candidate) => typeof value[candidate] === 'string' || Array.isArray(value[candidate]),
    );
    if (name !== undefined) return readText(value[name], { ...place, path: `${place.path}.${name}` }, reading);
  }
  return leftOut(place, 'wrong-type', `expected text, not ${kindOf(value)}`, reading);
}
