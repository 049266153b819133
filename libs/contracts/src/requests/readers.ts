import { shorten } from '../naming/shorten.ts';
import type { Reading, WarningReason } from './reading.ts';
import { numberIn, readTime } from './times.ts';

/** A short text that is copied into lists and index rows. */
export interface LabelField {
  readonly kind: 'label';
  /** UTF-16 code units. */
  readonly longest: number;
  /** Whether a longer value is cut; otherwise it is left out. */
  readonly cut: boolean;
  /** Names under which an object sent in its place may hold the value, in order. */
  readonly within: readonly string[];
}
/** A count, tokens, dollars or milliseconds: 0 or more. */
export interface AmountField {
  readonly kind: 'amount';
  readonly within: readonly string[];
}
/** A time, which becomes milliseconds since the epoch. */
export interface TimeField {
  readonly kind: 'time';
  readonly within: readonly string[];
}

/** How a field of a session or message is sent, read, repaired and bounded. */
export type Field = (LabelField | AmountField | TimeField) & {
  /** The names under which clients send it; the first usable one counts. */
  readonly names: readonly string[];
};

/** A value being read: its field, and its place in the request. */
interface Place {
  readonly field: string;
  readonly path: string;
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A body's value for a field; undefined if no usable one exists. Null and empty text count as not sent; other
 * unusable values are noted and left out.
 */
export function readField(name: string, field: Field, body: JsonObject, reading: Reading): string | number | undefined {
  for (const sent of field.names) {
    const value = body[sent];
    if (value === undefined || value === null) continue;
    const read = readValue(value, field, { field: name, path: sent }, reading);
    if (read !== undefined) return read;
  }
  return undefined;
}

/** One value of a field's kind. */
export function readValue(
  value: unknown,
  field: LabelField | AmountField | TimeField,
  place: Place,
  reading: Reading,
): string | number | undefined {
  switch (field.kind) {
    case 'label':
      return readLabel(value, field, place, reading);
    case 'amount':
      return readAmount(value, field, place, reading);
    case 'time':
      return readInstant(value, field, place, reading);
  }
}

function readLabel(value: unknown, field: LabelField, place: Place, reading: Reading): string | undefined {
  if (typeof value === 'string') {
    if (value.trim() === '') return undefined;
    const text = wellFormed(value, place, reading);
    if (text.length <= field.longest) return text;
    const characters = `${field.longest.toLocaleString('en')} characters`;
    if (!field.cut) return leftOut(place, 'too-long', `longer than ${characters}`, reading);
    note(place, 'too-long', `cut to ${characters}`, reading);
    return shorten(text, field.longest);
  }
  if (typeof value === 'number' && Number.isFinite(value)) {
    note(place, 'wrong-type', 'a number, read as text', reading);
    return String(value);
  }
  const inner = innerValue(value, field.within);
  if (inner && (typeof inner.value === 'string' || typeof inner.value === 'number')) {
    note(place, 'wrong-type', `${kindOf(value)}, of which ${inner.name} was taken`, reading);
    return readLabel(inner.value, field, place, reading);
  }
  return leftOut(place, 'wrong-type', `expected text, not ${kindOf(value)}`, reading);
}

function readAmount(value: unknown, field: AmountField, place: Place, reading: Reading): number | undefined {
  if (typeof value === 'number') {
    if (value < 0) return leftOut(place, 'negative', 'negative', reading);
    // JSON.parse turns 1e999 into Infinity.
    if (!(value <= Number.MAX_SAFE_INTEGER)) return leftOut(place, 'too-large', 'larger than any real amount', reading);
    return value + 0;
  }
  if (typeof value === 'string') {
    if (value.trim() === '') return undefined;
    const number = numberIn(value);
    if (number === undefined) return leftOut(place, 'unreadable', 'expected a number', reading);
    const amount = readAmount(number, field, place, reading);
    if (amount !== undefined) note(place, 'wrong-type', 'text, read as a number', reading);
    return amount;
  }
  const inner = innerValue(value, field.within);
  if (inner && (typeof inner.value === 'number' || typeof inner.value === 'string')) {
    note(place, 'wrong-type', `${kindOf(value)}, of which ${inner.name} was taken`, reading);
    return readAmount(inner.value, field, place, reading);
  }
  return leftOut(place, 'wrong-type', `expected a number, not ${kindOf(value)}`, reading);
}

const TIME_PROBLEMS = {
  unreadable: 'expected a time since the epoch, or a date in ISO 8601 or RFC 2822',
  implausible: 'before 2000 or more than a day ahead',
} as const;

function readInstant(value: unknown, field: TimeField, place: Place, reading: Reading): number | undefined {
  if (typeof value === 'number' || typeof value === 'string') {
    if (value === '' || (typeof value === 'string' && value.trim() === '')) return undefined;
    const read = readTime(value, reading.now);
    if ('ms' in read) return read.ms;
    return leftOut(place, read.problem, TIME_PROBLEMS[read.problem], reading);
  }
  const inner = innerValue(value, field.within);
  if (inner && inner.value !== null && typeof inner.value !== 'object') {
    return readInstant(inner.value, field, place, reading);
  }
  return leftOut(place, 'wrong-type', `expected a time, not ${kindOf(value)}`, reading);
}

/** The object's value under the first of these names that it has; for a list of one, that element. */
function innerValue(
  value: unknown,
  names: readonly string[],
): { readonly name: string; readonly value: unknown } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return value.length === 1 ? { name: 'the only element', value: value[0] } : undefined;
  const fields = value as JsonObject;
  const name = names.find((candidate) => fields[candidate] !== undefined && fields[candidate] !== null);
  return name === undefined ? undefined : { name, value: fields[name] };
}

/** The text with U+FFFD for each half of a surrogate pair, which has no UTF-8 form. */
export function wellFormed(text: string, place: Place, reading: Reading): string {
  if (text.isWellFormed()) return text;
  note(place, 'ill-formed', 'half a surrogate pair became U+FFFD', reading);
  return text.toWellFormed();
}

function note({ field, path }: Place, reason: WarningReason, message: string, reading: Reading): void {
  reading.warn(field, path, reason, message);
}

export function leftOut({ field, path }: Place, reason: WarningReason, message: string, reading: Reading): undefined {
  reading.warn(field, path, reason, `left out: ${message}`);
  return undefined;
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
