import { z } from 'zod';

/**
 * The file of `export-log`: newline-delimited JSON in this order: one header, the API keys, the payloads, the events
 * in the order of the log, one end. Payloads come before the events that refer to them, so that a projection of the
 * target always finds them. A line ends only at `\n`: U+2028 and U+2029, at which some readers split lines too, are
 * escaped.
 */
export const headerLineSchema = z.object({
  format: z.literal('opensync-log'),
  version: z.literal(1),
  /** Names the log that was exported, the same for each export of it: a later one continues an earlier import. */
  source: z.string().min(1),
  exportedAt: z.iso.datetime(),
  /** How many event lines follow. */
  events: z.number().int().nonnegative(),
});
export type HeaderLine = z.infer<typeof headerLineSchema>;

/** Ids become tokens of subjects. */
const subjectToken = z.string().regex(/^[\w-]+$/);
const ownerSchema = z.object({ workspaceId: subjectToken, userId: subjectToken });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const keyLineSchema = z.object({
  kind: z.literal('key'),
  /** Entry of the bucket of API keys: a key's record under its hash, or the secret of the hashes. */
  entry: z.string(),
  value: z.json(),
});

const payloadLineSchema = z.object({
  kind: z.literal('payload'),
  /** The owner. Absent for content that an earlier version stored for all owners together, and in its files. */
  owner: ownerSchema.optional(),
  /** Of the content, hexadecimal; its name. */
  sha256,
  base64: z.base64(),
});

/** A payload that is lost or damaged in the log that was exported. Readers show the preview that its events have. */
const lostLineSchema = z.object({
  kind: z.literal('lost'),
  owner: ownerSchema.optional(),
  sha256,
  reason: z.string(),
});

const eventLineSchema = z.object({
  kind: z.literal('event'),
  sequence: z.number().int().positive(),
  subject: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  /** The body as text, or in base64 if it is not text. */
  body: z.string().optional(),
  base64: z.base64().optional(),
});
export type EventLine = z.infer<typeof eventLineSchema>;

const endLineSchema = z.object({
  kind: z.literal('end'),
  keys: z.number().int(),
  payloads: z.number().int(),
  /** Absent in files of an earlier version. */
  lost: z.number().int().default(0),
  events: z.number().int(),
  /** SHA-256 over all lines before this one with their line ends, hexadecimal. Absent in files of an earlier version. */
  sha256: z.string().optional(),
});

export const lineSchema = z.discriminatedUnion('kind', [
  keyLineSchema,
  payloadLineSchema,
  lostLineSchema,
  eventLineSchema,
  endLineSchema,
]);
export type Line = z.infer<typeof lineSchema>;

const LINE_SEPARATORS = /[\u2028\u2029]/g;

export function encodeLine(line: z.input<typeof lineSchema> | HeaderLine): string {
  const json = JSON.stringify(line);
  return `${json.replace(LINE_SEPARATORS, (separator) => (separator === '\u2028' ? '\\u2028' : '\\u2029'))}\n`;
}

/** How much has been read or written. */
export interface TransferCounts {
  /** Lines of the kind `key`: the API keys, and the secret of their hashes. */
  keys: number;
  apiKeys: number;
  payloads: number;
  /** Payloads that are lost or damaged in the log that was exported. */
  lost: number;
  events: number;
}

export const NO_COUNTS: Readonly<TransferCounts> = { keys: 0, apiKeys: 0, payloads: 0, lost: 0, events: 0 };

/** The file cannot be imported, or not here. The message says why and what to do. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
}

/** On each imported event: the log that it came from and its sequence there. */
export const ORIGIN_HEADER = 'Osk-Origin';

export function originOf(source: string, sequence: number): string {
  return `${source}/${sequence}`;
}

/** The sequence of an event in the log `source`; undefined if it did not come from there. */
export function sequenceIn(source: string, origin: string | undefined): number | undefined {
  return origin?.startsWith(`${source}/`) ? Number(origin.slice(source.length + 1)) : undefined;
}
