import { createHash } from 'node:crypto';
import { readBase64, type Base64 } from './base64.ts';
import { findEmbedded, readDataUri } from './embedded.ts';
import { OPAQUE_FIELDS } from './fields.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { isTextual, mediaTypeOf, mediaTypeOfFormat, resolveMediaType, sniffMediaType } from './media-type.ts';
import { prefixOf, tokenOf, type MediaForm, type MediaReference } from './media.ts';

/** Bytes for the payload store, by their SHA-256. */
export interface Blob {
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** The value without its blobs. */
export interface Remainder<Sent> {
  readonly value: Sent;
  /** In the order of the tokens' indexes. */
  readonly media: readonly MediaReference[];
  /** Each once, however often it was sent. */
  readonly blobs: readonly Blob[];
}

/**
 * References are part of an event, and an event must fit into a message of the log. Further blobs stay in place, as
 * text.
 */
const MOST_MEDIA = 256;
/** Characters of base64: a shorter run could be anything. */
const SHORTEST_FILE = 64;
/** A longer name is free text. */
const LONGEST_NAME = 255;

/** Fields that name the media type of an object's content. */
const TYPE_FIELDS = ['media_type', 'mediaType', 'mimeType', 'mime_type', 'mime', 'contentType', 'content_type'];
/** Fields that name a file or its location. */
const FILE_NAME_FIELDS = ['filename', 'fileName', 'file_name'];
const PATH_FIELDS = ['path', 'filePath', 'file_path', 'uri'];
/** Fields that do so in an object about a file; elsewhere they name a tool or a step. */
const TITLE_FIELDS = ['name', 'title'];
const ABOUT_FILE = /image|audio|video|document|file|resource|media|attachment/i;
/** Fields that hold bytes as base64, or a text or an address. */
const DATA_FIELDS: ReadonlySet<string> = new Set([
  'content',
  'url',
  'image_url',
  'imageUrl',
  'file_url',
  'uri',
  'output',
  'result',
]);
/** Fields that hold bytes as base64 if the declared type is not a text type. */
const BYTES_FIELDS: ReadonlySet<string> = new Set([
  'data',
  'file_data',
  'fileData',
  'image',
  'audio',
  'video',
  'bytes',
  'blob',
  'base64',
  'b64',
  'b64_json',
]);
/** Fields that hold nothing but bytes, whatever the type. */
const CERTAIN_FIELDS: ReadonlySet<string> = new Set(['bytes', 'blob', 'base64', 'b64', 'b64_json']);
/** Objects that only wrap the bytes: the name and type of the surrounding object apply. */
const WRAPPERS: ReadonlySet<string> = new Set([
  'source',
  'file',
  'image',
  'image_url',
  'input_audio',
  'audio',
  'video',
  'document',
  'inlineData',
  'inline_data',
  'resource',
  'blob',
  'data',
]);
/** Wrappers of bytes alone. */
const CERTAIN_WRAPPERS: ReadonlySet<string> = new Set(['inlineData', 'inline_data']);
/** Parts that are encrypted as a whole. */
const OPAQUE_TYPES: ReadonlySet<unknown> = new Set([
  'redacted_thinking',
  'redacted-thinking',
  'redacted-reasoning',
  'redacted',
]);

/** A text without its base64: a token replaces each blob. Pure. */
export function takeOutOfText(text: string): Remainder<string> {
  return takeOut(text) as Remainder<string>;
}

/** A JSON value without base64 at any depth. Returns the value itself if it has none. Pure. */
export function takeOut(value: Json): Remainder<Json> {
  const first = new Taking(0);
  const without = first.value(value, NOTHING);
  if (first.media.length === 0) return { value, media: [], blobs: [] };
  for (let mark = 0; ; mark += 1) {
    if (holds(value, prefixOf(mark))) continue;
    if (mark === 0) return { value: without, media: first.media, blobs: [...first.blobs.values()] };
    const again = new Taking(mark);
    return { value: again.value(value, NOTHING), media: again.media, blobs: [...again.blobs.values()] };
  }
}

/** What the surrounding objects say about a value. */
interface Hints {
  readonly type?: string | undefined;
  readonly name?: string | undefined;
  /** It is base64, even if its type is a text type. */
  readonly certain?: boolean;
}
const NOTHING: Hints = {};

class Taking {
  readonly media: MediaReference[] = [];
  readonly blobs = new Map<string, Blob>();
  readonly #mark: number;

  constructor(mark: number) {
    this.#mark = mark;
  }

  value(value: Json, hints: Hints): Json {
    if (typeof value === 'string') return this.#text(value, hints);
    if (Array.isArray(value)) return this.#array(value, hints);
    return isObject(value) ? this.#object(value, hints) : value;
  }

  #array(values: readonly Json[], hints: Hints): Json {
    let changed: Json[] | undefined;
    for (let at = 0, { length } = values; at < length; at += 1) {
      const value = values[at]!;
      if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) continue;
      const without = this.value(value, hints);
      if (without === value) continue;
      changed ??= [...values];
      changed[at] = without;
    }
    return changed ?? (values as Json[]);
  }

  #object(fields: JsonObject, outer: Hints): Json {
    const numbers = readNumbers(fields);
    if (numbers) return this.#numbers(fields, numbers, outer);
    if (OPAQUE_TYPES.has(fields.type)) return fields as Json;
    const hints: Hints = {
      type: typeIn(fields) ?? outer.type,
      name: nameIn(fields) ?? outer.name,
      certain: outer.certain === true || fields.type === 'base64',
    };
    let changed: { [key: string]: Json } | undefined;
    for (const key of Object.keys(fields)) {
      const value = fields[key]!;
      const without = typeof value === 'string' ? this.#field(key, value, hints) : this.#nested(key, value, hints);
      if (without === value) continue;
      changed ??= { ...fields };
      changed[key] = without;
    }
    return (changed ?? fields) as Json;
  }

  #nested(key: string, value: Json, hints: Hints): Json {
    if (typeof value !== 'object' || value === null) return value;
    if (!WRAPPERS.has(key)) return this.value(value, NOTHING);
    return this.value(value, CERTAIN_WRAPPERS.has(key) ? { ...hints, certain: true } : hints);
  }

  #field(key: string, text: string, hints: Hints): string {
    if (OPAQUE_FIELDS.test(key)) return text;
    const isBytes = BYTES_FIELDS.has(key);
    return ((isBytes || DATA_FIELDS.has(key)) && this.#whole(key, text, hints)) || this.#text(text, hints);
  }

  /** The token of a field that consists of bytes, however few, as its object or its first bytes tell. */
  #whole(key: string, text: string, { type, name, certain }: Hints): string | undefined {
    const uri = readDataUri(text);
    if (uri) return this.#add(uri.bytes, { type: uri.declared ?? type, name }, uri.form);
    const isDeclared =
      type !== undefined && BYTES_FIELDS.has(key) && (certain === true || CERTAIN_FIELDS.has(key) || !isTextual(type));
    if (!isDeclared && !isFile(text)) return undefined;
    const core = text.trim();
    const base64 = readBase64(core);
    // A short word would be base64, too, except for its length.
    if (!base64 || (base64.form.tail !== undefined && core.length < SHORTEST_FILE)) return undefined;
    const token = this.#token(base64, { type, name });
    return token && text.replace(core, () => token);
  }

  #text(text: string, hints: Hints): string {
    let without = '';
    let end = 0;
    for (const found of findEmbedded(text)) {
      const token = this.#token(found, { type: found.declared, name: hints.name }, found.head);
      if (token === undefined) break;
      without += text.slice(end, found.start) + token;
      end = found.end;
    }
    return end === 0 ? text : without + text.slice(end);
  }

  #numbers(fields: JsonObject, bytes: Uint8Array, hints: Hints): Json {
    const isArray = Array.isArray(fields.data);
    const token = this.#add(bytes, hints, { numbers: isArray ? 'array' : 'object' });
    if (token === undefined) return fields as Json;
    return isArray ? { ...fields, data: token } : token;
  }

  #token({ bytes, form }: Base64, hints: Hints, head?: string): string | undefined {
    return this.#add(bytes, hints, { ...form, ...(head !== undefined && { head }) });
  }

  #add(bytes: Uint8Array, { type, name }: Hints, form: MediaForm): string | undefined {
    if (this.media.length === MOST_MEDIA || bytes.length === 0) return undefined;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.blobs.set(sha256, { sha256, bytes });
    const reference: MediaReference = {
      sha256,
      size: bytes.length,
      mediaType: resolveMediaType(type, bytes),
      ...(name !== undefined && { name }),
      ...(Object.keys(form).length > 0 && { form }),
      ...(this.#mark > 0 && { mark: this.#mark }),
    };
    return tokenOf(reference, this.media.push(reference) - 1);
  }
}

function typeIn(fields: JsonObject): string | undefined {
  for (const field of TYPE_FIELDS) {
    const type = fields[field] === undefined ? undefined : mediaTypeOf(fields[field]);
    if (type !== undefined) return type;
  }
  return mediaTypeOfFormat(fields.format);
}

function nameIn(fields: JsonObject): string | undefined {
  const isAboutFile = typeIn(fields) !== undefined || (typeof fields.type === 'string' && ABOUT_FILE.test(fields.type));
  const names = isAboutFile ? [...FILE_NAME_FIELDS, ...TITLE_FIELDS] : FILE_NAME_FIELDS;
  for (const field of names) {
    const name = fields[field];
    if (typeof name === 'string' && name !== '' && name.length <= LONGEST_NAME) return name;
  }
  for (const field of PATH_FIELDS) {
    const path = fields[field];
    const name =
      typeof path === 'string' && !path.startsWith('data:')
        ? /[^/\\]+$/.exec(path.slice(-LONGEST_NAME))?.[0]
        : undefined;
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Base64 that only its first bytes identify as a file. */
function isFile(text: string): boolean {
  return (
    text.length >= SHORTEST_FILE &&
    sniffMediaType(Buffer.from(text.slice(0, SHORTEST_FILE).trim(), 'base64')) !== undefined
  );
}

/** Fewer numbers are not a file. */
const FEWEST_NUMBERS = 64;

/** The bytes of a buffer as Node and browsers write it in JSON: `{type: 'Buffer', data: […]}` or `{"0": …, "1": …}`. */
function readNumbers(fields: JsonObject): Uint8Array | undefined {
  if (fields.type === 'Buffer' && Array.isArray(fields.data)) return bytesOfNumbers(fields.data);
  if (fields['0'] === undefined || fields[FEWEST_NUMBERS - 1] === undefined) return undefined;
  const keys = Object.keys(fields);
  return keys.every((key, at) => key === String(at)) ? bytesOfNumbers(Object.values(fields)) : undefined;
}

function bytesOfNumbers(numbers: readonly Json[]): Uint8Array | undefined {
  if (numbers.length < FEWEST_NUMBERS) return undefined;
  const isByte = (number: Json) =>
    typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 256 && !Object.is(number, -0);
  return numbers.every(isByte) ? Uint8Array.from(numbers as number[]) : undefined;
}

/** Whether any key or text in a value contains the needle. */
function holds(value: Json, needle: string): boolean {
  if (typeof value === 'string') return value.includes(needle);
  if (Array.isArray(value)) return value.some((item) => holds(item, needle));
  if (!isObject(value)) return false;
  return Object.entries(value).some(([key, item]) => key.includes(needle) || holds(item, needle));
}
