import type { RequestIssue } from './parsed.ts';

/** Deeper than any real tool call; JSON.stringify and the stores recurse, so unbounded depth could end the process. */
const MAX_DEPTH = 100;

/** An object or array on the way, with where it stood: paths are put together only for what is refused. */
interface Place {
  readonly value: object;
  readonly parent: Place | undefined;
  readonly key: string | number;
  readonly depth: number;
}

/**
 * What no item of a request may hold, whatever its schema: nesting beyond 100 levels, a `__proto__` key, or a
 * lone surrogate (it has no UTF-8 form and would silently become another character). Iterative, so that depth
 * cannot exhaust the stack, and without work for each number of a large array. Returns the first issue found, or
 * undefined.
 */
export function findHostileValue(root: unknown): RequestIssue | undefined {
  if (typeof root === 'string') return root.isWellFormed() ? undefined : loneSurrogate('');
  if (typeof root !== 'object' || root === null) return undefined;
  const pending: Place[] = [{ value: root, parent: undefined, key: '', depth: 0 }];
  for (let place = pending.pop(); place; place = pending.pop()) {
    if (place.depth >= MAX_DEPTH) return { path: pathOf(place), message: `nested deeper than ${MAX_DEPTH} levels` };
    const issue = Array.isArray(place.value)
      ? lookIntoArray(place, place.value, pending)
      : lookIntoObject(place, pending);
    if (issue) return issue;
  }
  return undefined;
}

function lookIntoArray(place: Place, values: readonly unknown[], pending: Place[]): RequestIssue | undefined {
  for (let index = 0; index < values.length; index++) {
    const issue = lookAt(place, index, values[index], pending);
    if (issue) return issue;
  }
  return undefined;
}

function lookIntoObject(place: Place, pending: Place[]): RequestIssue | undefined {
  const values = place.value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(values)) {
    if (key === '__proto__') return { path: pathOf(place, key), message: 'the key __proto__ is not allowed' };
    if (!key.isWellFormed()) return loneSurrogate(pathOf(place));
    const issue = lookAt(place, key, values[key], pending);
    if (issue) return issue;
  }
  return undefined;
}

function lookAt(place: Place, key: string | number, value: unknown, pending: Place[]): RequestIssue | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : loneSurrogate(pathOf(place, key));
  if (typeof value === 'object' && value !== null) pending.push({ value, parent: place, key, depth: place.depth + 1 });
  return undefined;
}

function loneSurrogate(path: string): RequestIssue {
  return { path, message: 'text holds a lone surrogate; send well-formed Unicode' };
}

function pathOf(place: Place, ...last: (string | number)[]): string {
  const keys = last;
  for (let at: Place | undefined = place; at?.parent; at = at.parent) keys.unshift(at.key);
  return keys.join('.');
}
