import type { z } from 'zod';
import { isObject, type Json, type JsonObject } from '../content/json.ts';
import { setFields, type Ranks, type Registers } from './register.ts';

/**
 * Event fields that the schema does not name, because a newer version wrote them. The fold keeps them under their
 * sequence, so that a newer process finds them in the document.
 */
export type UnknownFields = JsonObject;

export interface UnknownValue {
  readonly sequence: number;
  /** Absent if it is too large to keep: the log has it, and a rebuild by a newer process reads it from there. */
  readonly value?: Json;
}

/**
 * By name: the latest value, followed by the latest positive amount if that differs. Only the newer version knows the
 * field's rule, that is, whether a zero replaces an amount.
 */
export interface Unknown {
  readonly [name: string]: readonly [UnknownValue] | readonly [UnknownValue, UnknownValue];
}

/** Heads are loaded by the hundred, so these fields are bounded: a document keeps at most 128 KiB of them. */
const MAX_FIELDS = 32;
const MAX_NAME_CHARACTERS = 64;
const MAX_VALUE_BYTES = 4_096;

/** The fields of an event's JSON that its schema does not contain; undefined if there are none. */
export function unknownFields(json: unknown, read: object): UnknownFields | undefined {
  if (!isObject(json as Json)) return undefined;
  const names = Object.keys(json as object).filter((name) => !Object.hasOwn(read, name) && isKept(name));
  if (names.length === 0) return undefined;
  return Object.fromEntries(names.map((name) => [name, (json as JsonObject)[name]!]));
}

/** A name that sets the prototype of objects is not a legitimate field. */
function isKept(name: string): boolean {
  return name.length <= MAX_NAME_CHARACTERS && name !== '__proto__';
}

/** Adds these fields; returns `kept` itself if nothing changes. Independent of order and repetition. Pure. */
export function keepUnknown(
  kept: Unknown | undefined,
  incoming: UnknownFields | undefined,
  sequence: number,
): Unknown | undefined {
  if (incoming === undefined) return kept;
  const fields = new Map(Object.entries(kept ?? {}));
  let changed = false;
  for (const [name, value] of Object.entries(incoming)) {
    const before = fields.get(name);
    const after = withValue(before, bounded(value, sequence));
    if (after === before) continue;
    fields.set(name, after);
    changed = true;
  }
  if (!changed) return kept;
  // The first fields by name, whatever order they arrive in.
  const names = [...fields.keys()].sort().slice(0, MAX_FIELDS);
  const result = Object.fromEntries(names.map((name) => [name, fields.get(name)!]));
  return kept && isSame(kept, result) ? kept : result;
}

function isSame(kept: Unknown, result: Unknown): boolean {
  const names = Object.keys(result);
  return names.length === Object.keys(kept).length && names.every((name) => kept[name] === result[name]);
}

function bounded(value: Json, sequence: number): UnknownValue {
  return Buffer.byteLength(JSON.stringify(value)) > MAX_VALUE_BYTES ? { sequence } : { sequence, value };
}

function withValue(before: Unknown[string] | undefined, value: UnknownValue): Unknown[string] {
  if (!before) return [value];
  const values = [...before, value].sort((a, b) => b.sequence - a.sequence);
  const latest = values[0]!;
  const amount = values.find(isAmount);
  if (latest === before[0] && amount === before.find(isAmount)) return before;
  return amount && amount.sequence !== latest.sequence ? [latest, amount] : [latest];
}

function isAmount({ value }: UnknownValue): boolean {
  return typeof value === 'number' && value > 0;
}

/**
 * A document as this version reads it: fields that the storing process did not know, and this version does, take
 * effect under the sequences that set them. Values that do not fit the field stay unknown. Pure.
 */
export function recognized<Fields extends object, State extends Registers<Fields> & { readonly unknown?: Unknown }>(
  state: State,
  rules: Ranks<Fields>,
  schemas: { readonly [name: string]: z.ZodType },
): State {
  if (!state.unknown) return state;
  let registers: Registers<Fields> = state;
  const others = Object.entries(state.unknown).filter(([name, values]) => {
    const schema = Object.hasOwn(rules, name) && Object.hasOwn(schemas, name) ? schemas[name] : undefined;
    if (!schema || values[0].value === undefined || !schema.safeParse(values[0].value).success) return true;
    for (const { sequence, value } of values) {
      const { data } = schema.safeParse(value);
      registers = setFields(registers, { [name]: data } as Partial<Fields>, sequence, rules);
    }
    return false;
  });
  if (registers === state && others.length === Object.keys(state.unknown).length) return state;
  const { fields, sequences, ranks } = registers;
  const { unknown: _, ranks: _former, ...rest } = state;
  const unknown = others.length > 0 ? { unknown: Object.fromEntries(others) } : {};
  return { ...rest, fields, sequences, ...(ranks && { ranks }), ...unknown } as State;
}
