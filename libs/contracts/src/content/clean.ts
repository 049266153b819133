import { isObject, type Json } from './json.ts';

/** A value that was sent and could not be used unchanged: a dotted path to it, and what was done. */
export interface Warning {
  readonly path: string;
  readonly message: string;
  readonly reason: 'wrong-type' | 'too-deep' | 'too-many' | 'ill-formed' | 'not-a-part';
}

/** Deeper than any real tool call. JSON.stringify and the stores recurse, so unbounded depth could end the process. */
const MAX_DEPTH = 100;

/**
 * A JSON value that every store accepts: half a surrogate pair becomes U+FFFD; values nested deeper than 100 levels
 * and `__proto__` keys are left out. Returns the value itself if nothing has to change. Pure.
 */
export function cleanJson(value: Json, path = ''): { value: Json; warnings: Warning[] } {
  const warnings: Warning[] = [];
  return { value: clean(value, path, 0, warnings), warnings };
}

/** A body may consist of a million halves of surrogate pairs: beyond this number they are repaired without a note. */
const MOST_WARNINGS = 1_000;

function note(warnings: Warning[], warning: Warning): void {
  if (warnings.length < MOST_WARNINGS) warnings.push(warning);
}

function clean(value: Json, path: string, depth: number, warnings: Warning[]): Json {
  if (typeof value === 'string') return cleanText(value, path, warnings);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) {
    note(warnings, { path, reason: 'too-deep', message: `left out: nested deeper than ${MAX_DEPTH} levels` });
    return null;
  }
  return Array.isArray(value) ? cleanArray(value, path, depth, warnings) : cleanObject(value, path, depth, warnings);
}

function cleanText(text: string, path: string, warnings: Warning[]): string {
  if (text.isWellFormed()) return text;
  note(warnings, { path, reason: 'ill-formed', message: 'half a surrogate pair became U+FFFD' });
  return text.toWellFormed();
}

function cleanArray(values: readonly Json[], path: string, depth: number, warnings: Warning[]): Json {
  let changed: Json[] | undefined;
  for (let at = 0, { length } = values; at < length; at += 1) {
    const value = values[at]!;
    // Large arrays contain numbers; building a path for each of them would be wasted work.
    if (typeof value === 'number') continue;
    const cleaned = clean(value, `${path}.${at}`, depth + 1, warnings);
    if (cleaned === value) continue;
    changed ??= [...values];
    changed[at] = cleaned;
  }
  return changed ?? (values as Json[]);
}

function cleanObject(fields: Json, path: string, depth: number, warnings: Warning[]): Json {
  if (!isObject(fields)) return fields;
  let changed = false;
  const entries: [string, Json][] = [];
  for (const key of Object.keys(fields)) {
    const value = fields[key]!;
    const place = path === '' ? key : `${path}.${key}`;
    if (key === '__proto__') {
      note(warnings, { path: place, reason: 'ill-formed', message: 'left out: the key __proto__ is not allowed' });
      changed = true;
      continue;
    }
    const name = cleanText(key, path, warnings);
    const cleaned = clean(value, place, depth + 1, warnings);
    changed ||= cleaned !== value || name !== key;
    entries.push([name, cleaned]);
  }
  return changed ? Object.fromEntries(entries) : fields;
}
