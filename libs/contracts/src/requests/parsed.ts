import type { RequestWarning } from './reading.ts';

/** One thing that is wrong with a request: a dotted path into it, and what to do. */
export interface RequestIssue {
  readonly path: string;
  readonly message: string;
}

/** What an item of a request says, with what could not be used of it; or why it cannot be stored at all. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly RequestWarning[] }
  | { readonly ok: false; readonly details: readonly RequestIssue[] };

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Clients send null for what they do not know: null means absent, as a missing field does. */
export function withoutNulls(body: unknown): unknown {
  if (!isJsonObject(body)) return body;
  const entries = Object.entries(body);
  const present = entries.filter(([, value]) => value !== null);
  return present.length === entries.length ? body : Object.fromEntries(present);
}
