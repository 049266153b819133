import { MESSAGE_FIELDS, SESSION_FIELDS, type RequestField } from '@opensync/contracts';
import { ERRORS, type ErrorCode } from '@opensync/platform';
import { amount, count, named, time, type ApiRoute, type JsonSchema } from '@opensync/platform/api-document';
import { z } from 'zod';

const warnings = z
  .array(z.strictObject({ path: z.string(), message: z.string() }))
  .optional()
  .describe('Values that could not be used; the rest is stored');

const sessionStored = named(
  'SessionStored',
  z.strictObject({ ok: z.literal(true), sessionId: z.string().describe('`ses_…`'), warnings }),
);
const messageStored = named(
  'MessageStored',
  z.strictObject({ ok: z.literal(true), messageId: z.string().describe('`msg_…`'), sessionId: z.string(), warnings }),
);

const itemResult = named(
  'ItemResult',
  z.strictObject({
    kind: z.enum(['session', 'message']),
    externalId: z.string().nullable().describe('As sent; null if there was none'),
    id: z.string().optional().describe('The id that OpenSync gave it, if it was stored'),
    status: z.int().describe('The status of the item alone: 200 if it was stored'),
    error: z
      .strictObject({
        code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
        message: z.string(),
        retryable: z.boolean(),
      })
      .optional(),
    warnings,
  }),
);
const batchStored = named(
  'BatchStored',
  z.strictObject({
    ok: z.boolean().describe('Whether all items were stored'),
    sessions: count.describe('How many were stored'),
    messages: count.describe('How many were stored'),
    errors: z.array(z.string()).describe('A line for each item that was not'),
    results: z.array(itemResult).describe('Of each item: sessions first, each in the order of the request'),
  }),
);

const sessionList = named('SyncedSessions', z.strictObject({ sessionIds: z.array(z.string()) }));

const said = { model: z.string().optional(), provider: z.string().optional(), durationMs: amount.optional() };
const syncedMetadata = named(
  'SyncedMetadata',
  z.strictObject({
    ok: z.literal(true),
    sessions: z.array(
      z.strictObject({
        externalId: z.string(),
        ...said,
        promptTokens: amount,
        completionTokens: amount,
        cost: amount,
        createdAt: time,
        updatedAt: time,
      }),
    ),
    messages: z.array(
      z.strictObject({
        sessionExternalId: z.string(),
        externalId: z.string(),
        ...said,
        promptTokens: amount.optional(),
        completionTokens: amount.optional(),
        cachedTokens: amount.optional(),
        cost: amount.optional(),
        createdAt: time,
      }),
    ),
  }),
);

/** How each kind of field is usually sent. Other forms are repaired where that is obvious, and else left out. */
const USUAL_FORM: Readonly<Record<RequestField['kind'], JsonSchema>> = {
  label: { type: 'string' },
  amount: { type: 'number', minimum: 0 },
  time: { description: 'Milliseconds since the epoch; seconds, ISO 8601 and RFC 2822 are understood, too' },
};

function sent(
  ids: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, RequestField>>,
  more = {},
): JsonSchema {
  return {
    type: 'object',
    required: Object.keys(ids),
    properties: {
      ...Object.fromEntries(Object.entries(ids).map(([name, description]) => [name, { type: 'string', description }])),
      ...Object.fromEntries(Object.entries(fields).map(([name, { kind }]) => [name, USUAL_FORM[kind]])),
      ...more,
    },
    // Plugins send more, and under other names; docs/api.md has them.
    additionalProperties: true,
  };
}

const session = sent({ externalId: "The plugin's id of the session" }, SESSION_FIELDS);
const message = sent(
  { externalId: "The plugin's id of the message", sessionExternalId: "The plugin's id of its session" },
  MESSAGE_FIELDS,
  {
    textContent: { type: 'string' },
    parts: {
      type: 'array',
      description: 'Replace the parts of the message',
      items: {
        type: 'object',
        properties: {
          type: { type: 'string', description: 'Such as `text`, `tool-call`, `tool-result`' },
          content: {},
        },
        additionalProperties: true,
      },
    },
  },
);
const list = (items: JsonSchema, description: string): JsonSchema => ({ type: 'array', items, description });

const WRITE = { method: 'POST', tag: 'write', access: ['ingest'], writes: true } as const;

/** The routes of the ingest service, besides those that every process with an HTTP API has. */
export const INGEST_ROUTES: readonly ApiRoute[] = [
  {
    ...WRITE,
    path: '/sync/session',
    summary: 'Store a session, or some of its fields',
    body: session,
    answers: { 200: { description: 'It is on disk', schema: sessionStored } },
  },
  {
    ...WRITE,
    path: '/sync/message',
    summary: 'Store a message with its parts',
    description: 'Creates its session if that is unknown.',
    body: message,
    answers: { 200: { description: 'It is on disk', schema: messageStored } },
  },
  {
    ...WRITE,
    path: '/sync/batch',
    summary: 'Store several sessions and messages',
    body: {
      type: 'object',
      properties: { sessions: list(session, 'Sessions'), messages: list(message, 'Messages') },
      additionalProperties: true,
    },
    answers: {
      200: { description: 'All are on disk', schema: batchStored },
      207: { description: 'Some were not stored; `results` says which', schema: batchStored },
    },
  },
  {
    method: 'GET',
    path: '/sync/sessions/list',
    tag: 'write',
    summary: 'List the ids of the sessions that are stored',
    access: ['ingest', 'read'],
    waits: true,
    answers: { 200: { description: 'The ids that plugins gave them, newest first', schema: sessionList } },
  },
  {
    method: 'POST',
    path: '/sync/metadata',
    tag: 'write',
    summary: 'Ask which of these sessions and messages are stored, and with which numbers',
    access: ['ingest', 'read'],
    waits: true,
    body: {
      type: 'object',
      properties: {
        sessions: list({ type: 'string' }, "The plugin's ids of sessions"),
        messages: list(
          {
            type: 'object',
            properties: { sessionExternalId: { type: 'string' }, externalId: { type: 'string' } },
            additionalProperties: true,
          },
          'Ids of messages',
        ),
      },
      additionalProperties: true,
    },
    answers: { 200: { description: 'Those that are stored', schema: syncedMetadata } },
  },
];
