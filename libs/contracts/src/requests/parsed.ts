import type { RequestWarning } from './reading.ts';

/** One problem of a request: a dotted path, and what to do. */
export interface RequestIssue {
  readonly path: string;
  readonly message: string;
}

/** A parsed item of a request with its warnings, or the reason why it cannot be stored. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly RequestWarning[] }
  | { readonly ok: false; readonly details: readonly RequestIssue[] };

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Clients send null for unknown values: null means absent, like a missing field. */
export function withoutNulls(body: unknown): unknown {
  if (!isJsonObject(body)) return body;
  const entries = Object.entries(body);
  const present = entries.filter(([, value]) => value !== null);
  return present.length === entries.length ? body : Object.fromEntries(present);
}
