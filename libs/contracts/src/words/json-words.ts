import { OPAQUE_FIELDS } from '../content/fields.ts';
import { isObject, type Json, type JsonObject } from '../content/json.ts';
import { namesOfFile } from './generated-files.ts';

/** Fields of a call, a result or a block that hold bookkeeping, not anything that anyone wrote. */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  ...[
    'id',
    'callID',
    'callId',
    'call_id',
    'toolCallId',
    'tool_call_id',
    'toolUseId',
    'tool_use_id',
    'itemId',
    'item_id',
  ],
  ...[
    'sessionID',
    'messageID',
    'partID',
    'index',
    'caller',
    'cache_control',
    'cacheControl',
    'annotations',
    'logprobs',
  ],
  ...[
    'status',
    'state',
    'is_error',
    'isError',
    'time',
    'tokens',
    'usage',
    'cost',
    'providerMetadata',
    'providerExecuted',
  ],
]);
/** Names of kinds of blocks: terms of the API, not words of the message. */
const BLOCK_TYPES =
  /^(text|image|image_url|audio|video|document|file|resource|resource_link|base64|url|json|ephemeral|(input|output|summary|reasoning)_\w+|tool_\w+|tool-\w+|\w+_(call|result|output|location|citation)|computer_screenshot)$/;
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/;
const MEDIA_TYPE_FIELDS = /^(media_?type|mime_?type|mime|content_?type)$/i;
/** Identifiers that providers generate. */
const PROVIDER_ID = /^(toolu|call|msg|rs|fc|ws|resp|req|chatcmpl|srvtoolu|prt|ses|step|run|thread|file)[_-][\w-]{8,}$/;
const HASH_FIELDS = /hash|sha\d*$|checksum|digest|integrity|etag|fingerprint/i;
const HASH = /^(?:[a-z\d]+[-:])?[\w+/-]{16,}={0,2}$/i;

/** Strings within strings within strings: nobody wrote anything deeper by hand. */
const MOST_LAYERS = 4;
/** A longer list of numbers is data. */
const MOST_NUMBERS = 256;

/**
 * Every word in a tool's arguments or result, in order: strings, numbers and booleans, but not field names. A string
 * that holds JSON is read as JSON; escapes are not letters.
 */
export function jsonWords(value: Json): string[] {
  const collector = new Collector();
  collector.value(value, 0);
  return collector.words;
}

/** As `jsonWords`, for an object that is a call, a result or a block: its bookkeeping has no words. */
export function envelopeWords(fields: JsonObject): string[] {
  const collector = new Collector();
  collector.envelope(fields);
  return collector.words;
}

/**
 * Trying to parse a string that is not JSON costs more than its words, so a message with many such strings is not
 * parsed further.
 */
const MOST_FAILURES = 1_000;

class Collector {
  readonly words: string[] = [];
  #failures = 0;

  /** @param layer how many strings enclose it */
  value(value: Json, layer: number): void {
    if (typeof value === 'string') this.#text(value, layer);
    else if (typeof value === 'number' || typeof value === 'boolean') this.words.push(String(value));
    else if (Array.isArray(value)) this.#list(value, layer);
    else if (isObject(value)) for (const [name, field] of Object.entries(value)) this.#field(name, field, layer);
  }

  envelope(fields: JsonObject): void {
    for (const [name, value] of Object.entries(fields)) {
      if (BOOKKEEPING.has(name)) continue;
      if (/^outer\d*$/.test(name) && isObject(value)) this.envelope(value);
      else this.#field(name, value, 0);
    }
  }

  #list(values: readonly Json[], layer: number): void {
    let numbers = 0;
    for (const value of values) {
      if (typeof value === 'number' && ++numbers > MOST_NUMBERS) continue;
      this.value(value, layer);
    }
  }

  #field(name: string, value: Json, layer: number): void {
    if (typeof value === 'string') {
      if (name === 'type' && BLOCK_TYPES.test(value)) return;
      if (OPAQUE_FIELDS.test(name) || PROVIDER_ID.test(value)) return;
      if (HASH_FIELDS.test(name) && HASH.test(value)) return;
      if (MEDIA_TYPE_FIELDS.test(name) && MEDIA_TYPE.test(value)) return;
    }
    this.value(value, layer);
  }

  #text(text: string, layer: number): void {
    if (text === '') return;
    const names = namesOfFile(text);
    const inner = names !== undefined || layer === MOST_LAYERS ? undefined : this.#valuesIn(text);
    if (inner === undefined) this.words.push(names ?? text);
    else for (const value of inner) this.value(value, layer + 1);
  }

  /** The JSON in a string: one value, or one per line; for truncated JSON, the readable part. Undefined for text. */
  #valuesIn(text: string): readonly Json[] | undefined {
    const first = firstCharacter(text);
    if (first === '{' || first === '[' || first === '"') {
      const whole = this.#parsed(text);
      if (whole !== undefined) return [whole];
    }
    if (first === '{' || text.includes('\n{"')) {
      const lines = text.includes('\n') ? this.#lines(text) : undefined;
      if (lines !== undefined) return lines;
    }
    return CUT_OFF.test(text) ? [literalsIn(text)] : undefined;
  }

  /** A value that has structure or escapes; undefined if it is not JSON. */
  #parsed(text: string): Json | undefined {
    if (this.#failures > MOST_FAILURES || !/[}\]"]\s*$/.test(text.slice(-64))) return undefined;
    try {
      const value = JSON.parse(text) as Json;
      return typeof value === 'object' || typeof value === 'string' ? value : undefined;
    } catch {
      this.#failures += 1;
      return undefined;
    }
  }

  /** The values of JSON lines, and other lines as text; undefined if too many lines are not JSON. */
  #lines(text: string): readonly Json[] | undefined {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    let none = 0;
    const values = lines.map((line): Json => {
      const first = firstCharacter(line);
      const value = first === '{' || first === '[' ? this.#parsed(line) : undefined;
      if (value === undefined) none += 1;
      return value ?? line;
    });
    return none * 2 < lines.length ? values : undefined;
  }
}

function firstCharacter(text: string): string | undefined {
  return /\S/.exec(text.slice(0, 256))?.[0];
}

/** How JSON begins, and few other texts. */
const CUT_OFF = /^\s*(?:\{|\[\s*[{["])\s*["{[\]}]/;
const LITERAL = /"((?:[^"\\]|\\.)*)("?)(\s*:)?/gs;

/** The values of truncated JSON that does not parse; names of fields are followed by a colon. */
export function literalsIn(text: string): string[] {
  const found: string[] = [];
  const between = (from: number, to: number) => {
    const words = text
      .slice(from, to)
      .replaceAll(/[{}[\],:\s]+/g, ' ')
      .trim();
    if (words !== '' && words !== 'null') found.push(words);
  };
  let end = 0;
  for (const { index, 0: whole, 1: literal, 2: closed, 3: colon } of text.matchAll(LITERAL)) {
    between(end, index);
    if (literal !== '' && (colon === undefined || closed === '')) found.push(unescaped(literal!));
    end = index + whole.length;
  }
  between(end, text.length);
  return found;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: ' ', f: ' ' };

function unescaped(literal: string): string {
  if (!literal.includes('\\')) return literal;
  return literal
    .replace(/\\(?:u([\da-fA-F]{4})|(.))/gs, (_, code: string | undefined, letter: string) =>
      code === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
    )
    .toWellFormed();
}
