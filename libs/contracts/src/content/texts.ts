import { isObject, withoutNulls, type Json, type JsonObject } from './json.ts';
import { typeNameOf } from './kinds.ts';

/** Fields that may hold a text, and fields that may hold reasoning; the first one that is not empty counts. */
const TEXT_FIELDS = ['content', 'text', 'thinking', 'value', 'message', 'refusal', 'markdown', 'summary'];
const REASONING_FIELDS = [
  'content',
  'text',
  'thinking',
  'reasoning',
  'thought',
  'reasoningText',
  'reasoningContent',
  'reasoning_content',
  'summary',
];
/** Types that carry no more information than ours. */
const PLAIN_TYPES: ReadonlySet<string> = new Set(['', 'text', 'input-text', 'output-text', 'reasoning', 'thinking']);

export interface Readable {
  readonly text: string;
  /** Everything that was sent besides the text; undefined if nothing. */
  readonly extra?: JsonObject | undefined;
}

/** The text of a text part; undefined if it contains none. */
export function textOf(part: JsonObject): Readable | undefined {
  return readable(part, TEXT_FIELDS);
}

/** The text of a reasoning part; undefined if it is encrypted or redacted. */
export function reasoningOf(part: JsonObject): Readable | undefined {
  // `thought: true` marks the text as reasoning.
  return readable(part.thought === true ? omit(part, 'thought') : part, REASONING_FIELDS);
}

/** Everything that was sent, with the type if it carries more information than ours. */
export function beside(part: JsonObject): JsonObject | undefined {
  const { type, ...fields } = withoutNulls(part);
  const extra = PLAIN_TYPES.has(typeNameOf(type)) && typeof type === 'string' ? fields : withoutNulls(part);
  return Object.keys(extra).length > 0 ? extra : undefined;
}

function readable(part: JsonObject, names: readonly string[]): Readable | undefined {
  let empty: Readable | undefined;
  for (const name of names) {
    const value = part[name];
    if (value === undefined || value === null) continue;
    const text = textIn(value);
    if (text === undefined) continue;
    // A part that holds more than its text is kept in full.
    const found = { text, extra: beside(saysOnly(value) ? omit(part, name) : part) };
    if (text !== '') return found;
    empty ??= found;
  }
  if (empty) return empty;
  return beside(part) === undefined ? { text: '' } : undefined;
}

/** The text of a string, of an object that has one, or of the entries of a list, one per line. */
function textIn(value: Json, depth = 0): string | undefined {
  if (typeof value === 'string') return value;
  if (depth > 3) return undefined;
  if (Array.isArray(value)) {
    const texts = value.map((item) => textIn(item, depth + 1)).filter((text) => text !== undefined);
    return texts.length > 0 ? texts.join('\n') : undefined;
  }
  if (!isObject(value)) return undefined;
  const name = ['text', 'content', 'thinking', 'value', 'reasoningText'].find((candidate) => value[candidate] != null);
  return name === undefined ? undefined : textIn(value[name]!, depth + 1);
}

function saysOnly(value: Json): boolean {
  if (typeof value === 'string') return true;
  if (!isObject(value)) return false;
  const [only, ...others] = Object.values(value);
  return others.length === 0 && typeof only === 'string';
}

function omit(fields: JsonObject, name: string): JsonObject {
  const { [name]: _left, ...others } = fields;
  return others;
}
