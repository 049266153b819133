import { z } from 'zod';
import { instantSchema } from './instant.ts';

/** One thing that is wrong with a request: a dotted path into it, and what to do. */
export interface RequestIssue {
  readonly path: string;
  readonly message: string;
}

const externalId = z.string().min(1).max(512);
/** An empty one is what a client sends that does not know it. */
const labelOf = (longest: number) =>
  z
    .string()
    .max(longest)
    .optional()
    .transform((text) => (text === '' ? undefined : text));
/** Titles, paths, model names: far beyond what anyone reads, but bounded, as they are copied into every index row. */
const label = labelOf(4096);
const amount = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER).optional();

/** `POST /sync/session`, and an item of `sessions` in a batch. Unknown fields are ignored. */
export const sessionSyncSchema = z
  .object({
    externalId: externalId.optional(),
    sessionId: externalId.optional(),
    source: label,
    title: label,
    projectPath: label,
    projectName: label,
    model: label,
    provider: label,
    endReason: label,
    promptTokens: amount,
    completionTokens: amount,
    totalTokens: amount,
    cost: amount,
    durationMs: amount,
    messageCount: amount,
    toolCallCount: amount,
    createdAt: instantSchema.optional(),
  })
  .refine((body) => body.externalId ?? body.sessionId, {
    path: ['externalId'],
    message: 'Required: the session id of your tool, as externalId or sessionId',
  });

/** A part as any plugin sends it; `normalizePart` makes sense of the rest of its fields. */
export const partSchema = z.looseObject({ type: z.string().min(1).max(64) });

/** `POST /sync/message`, and an item of `messages` in a batch. Unknown fields are ignored. */
export const messageSyncSchema = z
  .object({
    sessionExternalId: externalId.optional(),
    sessionId: externalId.optional(),
    externalId: externalId.optional(),
    messageId: externalId.optional(),
    source: label,
    role: labelOf(64),
    textContent: z.string().optional(),
    model: label,
    promptTokens: amount,
    completionTokens: amount,
    cost: amount,
    durationMs: amount,
    createdAt: instantSchema.optional(),
    parts: z.array(partSchema).max(10_000).optional(),
  })
  .refine((body) => body.sessionExternalId ?? body.sessionId, {
    path: ['sessionExternalId'],
    message: 'Required: the session id of your tool, as sessionExternalId or sessionId',
  })
  .refine((body) => body.externalId ?? body.messageId, {
    path: ['externalId'],
    message: 'Required: the message id of your tool, as externalId or messageId',
  });

/** `POST /sync/batch`. Items are parsed one by one: a bad one never fails the rest. */
export const batchSyncSchema = z.object({
  sessions: z.array(z.unknown()).optional(),
  messages: z.array(z.unknown()).optional(),
});

export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly details: RequestIssue[] };

/** Clients send null for what they do not know: null means absent, as a missing field does. */
export function withoutNulls(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const entries = Object.entries(body);
  const present = entries.filter(([, value]) => value !== null);
  return present.length === entries.length ? body : Object.fromEntries(present);
}

/** Parses with the schema; issues become details that name the path and what was expected, never the value. */
export function parseRequest<T extends z.ZodType>(schema: T, body: unknown): Parsed<z.infer<T>> {
  const parsed = schema.safeParse(withoutNulls(body));
  if (parsed.success) return { ok: true, value: parsed.data };
  return {
    ok: false,
    details: parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
  };
}
