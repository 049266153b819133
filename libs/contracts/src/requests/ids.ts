import type { JsonObject, RequestIssue } from './parsed.ts';
import { kindOf, wellFormed } from './readers.ts';
import type { Reading } from './reading.ts';

/** UTF-16 code units. */
export const LONGEST_ID = 512;

/**
 * An id of a client's tool, under the first of these names that has a usable one. Numbers are ids, too, unless they
 * have lost digits: two such numbers could be equal.
 */
export function readId(
  body: JsonObject,
  names: readonly string[],
  what: string,
  reading: Reading,
): { readonly id: string } | { readonly issue: RequestIssue } {
  let issue: RequestIssue | undefined;
  for (const path of names) {
    const value = body[path];
    if (value === undefined || value === null || value === '') continue;
    const problem = problemOf(value);
    if (problem === undefined) return { id: wellFormed(String(value), { field: names[0]!, path }, reading) };
    issue ??= { path, message: problem };
  }
  const aliases = names.filter((name) => !name.includes('_') && !name.endsWith('ID')).join(' or ');
  return { issue: issue ?? { path: names[0]!, message: `Required: the ${what} id of your tool, as ${aliases}` } };
}

function problemOf(value: unknown): string | undefined {
  if (typeof value === 'string') {
    if (value.trim() === '') return 'Blank; expected an id';
    return value.length > LONGEST_ID ? `Longer than ${LONGEST_ID} characters` : undefined;
  }
  if (typeof value !== 'number') return `Expected text, not ${kindOf(value)}`;
  return Number.isInteger(value) && !Number.isSafeInteger(value)
    ? 'A number too large to be exact; send it as text'
    : undefined;
}

/** The id of any item, to name it in an answer; null if it has none. */
export function nameOfItem(item: unknown, names: readonly string[]): string | null {
  if (typeof item !== 'object' || item === null) return null;
  for (const name of names) {
    const value = (item as JsonObject)[name];
    if (typeof value === 'string' && value !== '') return value.slice(0, LONGEST_ID).toWellFormed();
    if (typeof value === 'number') return String(value);
  }
  return null;
}
