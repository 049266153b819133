import { z } from 'zod';

/**
 * The file of `export-log`: newline-delimited JSON in this order: one header, the API keys, the payloads, the events
 * in the order of the log, one end. Payloads come before the events that refer to them, so that a projection of the
 * target never looks for one in vain.
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

const keyLineSchema = z.object({
  kind: z.literal('key'),
  /** Entry of the bucket of API keys: a key's record under its hash, or the secret of the hashes. */
  entry: z.string(),
  value: z.json(),
});

const payloadLineSchema = z.object({
  kind: z.literal('payload'),
  /** Whose it is. Absent of what an earlier version stored for all owners together, and in files of such a version. */
  owner: z.object({ workspaceId: z.string().min(1), userId: z.string().min(1) }).optional(),
  /** Of the content, hexadecimal; its name. */
  sha256: z.string(),
  base64: z.base64(),
});

const eventLineSchema = z.object({
  kind: z.literal('event'),
  sequence: z.number().int().positive(),
  subject: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  /** The body as text, or in base64 where it is not text. */
  body: z.string().optional(),
  base64: z.base64().optional(),
});
export type EventLine = z.infer<typeof eventLineSchema>;

const endLineSchema = z.object({
  kind: z.literal('end'),
  keys: z.number().int(),
  payloads: z.number().int(),
  events: z.number().int(),
});

export const lineSchema = z.discriminatedUnion('kind', [
  keyLineSchema,
  payloadLineSchema,
  eventLineSchema,
  endLineSchema,
]);
export type Line = z.infer<typeof lineSchema>;

export function encodeLine(line: Line | HeaderLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** How much has been read or written. */
export interface TransferCounts {
  keys: number;
  payloads: number;
  events: number;
}

/** The file cannot be imported, or not here. The message says why and what to do. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
}

/** On each imported event: the log that it came from and its sequence there. */
export const ORIGIN_HEADER = 'Osk-Origin';

export function originOf(source: string, sequence: number): string {
  return `${source}/${sequence}`;
}

/** The sequence that an event had in the log `source`; undefined where it did not come from there. */
export function sequenceIn(source: string, origin: string | undefined): number | undefined {
  return origin?.startsWith(`${source}/`) ? Number(origin.slice(source.length + 1)) : undefined;
}
