import { amount, count, errorSchema, named, time } from '@opensync/platform/api-document';
import { EVAL_STATUSES } from '@opensync/contracts';
import { z } from 'zod';
import { GROUPINGS } from '../analytics/analytics-request.ts';
import { KINDS } from '../sessions/outline.ts';

/** The JSON answers of the read API, for its document. A test compares each answer of the specs with them. */

const tokens = {
  promptTokens: amount,
  completionTokens: amount,
  cacheReadTokens: amount,
  cacheWriteTokens: amount,
  reasoningTokens: amount,
};

const sessionFields = {
  _id: z.string().describe('The same as `id`'),
  id: z.string().describe('`ses_…`, assigned by OpenSync'),
  externalId: z.string().describe('The id that its plugin gave it'),
  userId: z.string().describe('The user that the session belongs to'),
  visibility: z.enum(['private', 'workspace']),
  source: z.string().describe('The tool that created it'),
  title: z.string().nullable(),
  projectPath: z.string().nullable(),
  projectName: z.string().nullable(),
  model: z.string().nullable(),
  provider: z.string().nullable(),
  endReason: z.string().nullable(),
  parentId: z.string().nullable().describe('The session whose agent started this one; it need not be stored'),
  forkedFromId: z.string().nullable().describe('The session that this one continues a copy of; it need not be stored'),
  ...tokens,
  totalTokens: amount,
  cost: amount.describe('US dollars that its agent reported'),
  durationMs: amount,
  messageCount: amount,
  toolCallCount: amount,
  createdAt: time,
  updatedAt: time,
  firstActivityAt: time.nullable(),
  lastActivityAt: time.nullable(),
  evalReady: z.boolean().describe('Meant for evaluations'),
  evalStatus: z.enum(EVAL_STATUSES).nullable().describe('The verdict of a person'),
  evalNotes: z.string().nullable(),
  evalTags: z.array(z.string()),
  expectedOutput: z.string().nullable().describe('The answer that an evaluation expects'),
  isPublic: z.boolean().describe('A snapshot has a public link'),
  publicUntil: time.nullable().describe('When the public link ends'),
};

export const dollars = amount.describe('US dollars');
export const cost = named(
  'Cost',
  z.strictObject({
    usd: dollars.describe('US dollars, without what is unpriced'),
    reportedUsd: dollars.describe('What agents reported'),
    computedUsd: dollars.describe('What was computed from tokens and prices'),
    status: z
      .enum(['reported', 'computed', 'mixed', 'unpriced', 'none'])
      .describe('`mixed`: partly reported, partly computed; `none`: nothing was used'),
    unpricedTokens: amount.describe('Tokens of models without a known price'),
    complete: z.boolean().describe('False: the sum lacks the cost of those'),
  }),
);
export const session = named('Session', z.strictObject(sessionFields));
const ratedFields = {
  ...sessionFields,
  costs: cost.nullable().describe('Null for some seconds after the session began'),
};
const ratedSession = named('RatedSession', z.strictObject(ratedFields));

const media = named(
  'Media',
  z.strictObject({
    mediaType: z.string(),
    sha256: z.string(),
    size: count.describe('Bytes'),
    name: z.string().optional(),
    url: z.string().describe('The path of its bytes, for readers of the session'),
  }),
);

const lost = z.literal(true).optional();

const full = named('Full', z.strictObject({ size: count.describe('Bytes'), url: z.string() }));

const toolResult = named(
  'ToolResult',
  z.strictObject({
    messageId: z.string(),
    position: z.string().describe('Of that message'),
    partId: z.string().describe('The part with the result; the call itself if it contains its result'),
    isError: z.boolean(),
    durationMs: amount.optional(),
  }),
);

const part = named(
  'Part',
  z.strictObject({
    _id: z.string().describe('The same as `id`'),
    id: z.string(),
    type: z
      .string()
      .describe('`text`, `reasoning`, `tool-call`, `tool-result`, `media`, or another type as it was sent'),
    content: z
      .unknown()
      .describe('Text, `{toolName, args?, result?, …}` of a tool call, `{mediaType, sha256, size, url}` of media'),
    order: count.describe('Place within the message, from 0'),
    result: toolResult.nullable().optional().describe('Of a tool call: where its result is; null if it has none'),
    extra: z.unknown().optional().describe('What was sent and is not in the content'),
    media: z.array(media).optional().describe('Blobs that the content refers to'),
    contentLost: lost.describe('Only the beginning of the content is left'),
    extraLost: lost,
    contentFull: full.optional().describe('With `preview`: the content is cut'),
    extraFull: full.optional(),
  }),
);

const message = named(
  'Message',
  z.strictObject({
    _id: z.string().describe('The same as `id`'),
    position: z.string().describe('`mps_…`, its place in the session'),
    id: z.string(),
    externalId: z.string(),
    sessionId: z.string(),
    role: z.string(),
    media: z.array(media).optional(),
    model: z.string().nullable(),
    provider: z.string().nullable(),
    ...tokens,
    cost: amount.describe('US dollars'),
    durationMs: amount,
    createdAt: time,
    textContent: z.string().nullable(),
    textContentLost: lost.describe('Only the beginning of the text is left'),
    textFull: full.optional().describe('With `preview`: the text is cut'),
    parts: z.array(part),
  }),
);

const messages = {
  messages: z.array(message).describe('In order; a page also ends after about 2 MB'),
  messageCursor: z.string().nullable().describe('Send it to get the next page; null on the last one'),
  hasBefore: z.boolean().describe('Whether the session has messages before the first one here'),
  hasAfter: z.boolean().describe('Whether it has messages after the last one here'),
};

export const sessionPage = named(
  'SessionPage',
  z.strictObject({ sessions: z.array(ratedSession), cursor: z.string().nullable().describe('Null on the last page') }),
);
export const sessionWithMessages = named('SessionWithMessages', z.strictObject({ ...ratedFields, ...messages }));
export const sessionAndMessages = named('SessionAndMessages', z.strictObject({ session: ratedSession, ...messages }));

const column = z.array(count);
export const sessionOutline = named(
  'SessionOutline',
  z.strictObject({
    sessionId: z.string(),
    roles: z.array(z.string()),
    kinds: z.array(z.enum(KINDS)),
    tools: z.array(z.string()),
    columns: z
      .strictObject({
        id: z.array(z.string()),
        position: z.array(z.string()),
        role: column.describe('Indexes in `roles`'),
        kind: column.describe('Indexes in `kinds`: what the message mainly is'),
        tools: z.array(column).describe('Indexes in `tools`: the tools that it calls, or whose results it has'),
        error: z.array(z.union([z.literal(0), z.literal(1)])).describe('1: a tool failed'),
        tokens: z.array(amount),
        createdAt: z.array(time),
        height: column.describe('About how many lines of 80 characters it has'),
      })
      .describe('In the order of the session'),
    cursor: z.string().nullable().describe('Null on the last page'),
  }),
);

export const deletedSession = named(
  'DeletedSession',
  z.strictObject({ ok: z.literal(true), sessionId: z.string(), deleted: z.literal(true) }),
);

export const auditAnswer = named(
  'AuditAnswer',
  z.strictObject({
    complete: z.boolean().describe('Whether nothing has to be sent again'),
    sessions: z
      .array(
        z.strictObject({
          externalId: z.string(),
          sessionId: z.string(),
          complete: z.boolean(),
          stored: z.boolean().describe('False: the server does not know the session'),
          deleted: z.literal(true).optional().describe('It was deleted here; sending it again would create it again'),
          messageCount: count.describe('Stored messages'),
          missingMessages: count.optional(),
          lastMessageStored: z.boolean().optional(),
        }),
      )
      .describe('In the order of the request'),
  }),
);

export const wholeContent = z.unknown();

const side = z.enum(['fulltext', 'semantic']);
const words = z.array(z.string()).optional();

const range = z.strictObject({
  start: count.describe('UTF-16 offset'),
  end: count.describe('UTF-16 offset behind it'),
});

const searchResult = named(
  'SearchResult',
  z.strictObject({
    ...sessionFields,
    sessionId: z.string().describe('The same as `id`'),
    messageId: z.string().nullable().describe('The message that matched best; null if the title or project did'),
    position: z.string().nullable().describe('The place of that message in its session'),
    role: z.string().nullable().describe('Of that message'),
    messageCreatedAt: time.nullable(),
    snippet: z.string().describe('HTML: hits in `<mark>`, the rest escaped'),
    snippetText: z.string().describe('The same as plain text'),
    highlights: z.array(range).describe('The hits, as ranges of `snippetText`'),
    passage: named('Passage', range.extend({ partId: z.string().optional().describe('The part that has it') }))
      .optional()
      .describe(
        'If the snippet shows what matched by meaning: where that stands in the message’s `textContent`, or in the content of the part',
      ),
    score: z.number().describe('Higher is better; comparable within one answer only'),
    matchedIn: z.array(side),
    missing: words.describe('The words of the query that the session lacks'),
    copies: z
      .strictObject({ count: z.int().positive(), sessionIds: z.array(z.string()).max(20) })
      .optional()
      .describe(
        'Lower results whose passage is nearly the same, such as those of forks; they are not results themselves',
      ),
  }),
);

export const sessionSearch = named(
  'SessionSearch',
  z.strictObject({
    sessionId: z.string(),
    results: z
      .array(
        z.strictObject({
          messageId: z.string(),
          position: z.string(),
          role: z.string(),
          createdAt: time,
          snippet: z.string().describe('HTML: hits in `<mark>`, the rest escaped'),
          snippetText: z.string().describe('The same as plain text'),
          highlights: z.array(range).describe('The hits, as ranges of `snippetText`'),
        }),
      )
      .describe('In the order of the session'),
    count: count.describe('How many messages match, at most 10,000'),
    countIsCapped: z.literal(true).optional().describe('More may match, which are not found'),
    excluded: words.describe('The words and phrases after a dash'),
    degraded: z
      .tuple([z.literal('fulltext')])
      .optional()
      .describe('The index is known to lack documents'),
    cursor: z.string().nullable().describe('Null on the last page'),
  }),
);

export const searchAnswer = named(
  'SearchAnswer',
  z.strictObject({
    results: z.array(searchResult).describe('Best first'),
    cursor: z.string().nullable().describe('For the next page; null on the last one'),
    degraded: z
      .array(z.enum(['facets', 'fulltext', 'semantic']))
      .optional()
      .describe('Sides that could not answer, or whose index lacks documents; `facets` if they were not counted'),
    facets: z
      .record(z.string(), z.array(z.strictObject({ value: z.string(), count: z.int() })))
      .optional()
      .describe('How many of all sessions or messages that match by words have each value, the 20 most frequent first'),
    noCloseMatch: z.literal(true).optional().describe('Nothing is close in meaning: no result was found by meaning'),
    partial: z.literal(true).optional().describe('No session has all words: these have most of them'),
    missing: words.describe('With `partial`: the words that the best of them does not have'),
    excluded: words.describe('The words and phrases after a dash'),
    respelled: z
      .array(z.strictObject({ from: z.string(), to: z.string() }))
      .optional()
      .describe('Words that no session contains, and those that were searched for instead'),
  }),
);

export const prices = z
  .string()
  .nullable()
  .describe('Identifies the price table of the computed costs; null before the first');
const counts = { ...tokens, totalTokens: amount, toolCalls: amount, toolErrors: amount };

export const stats = named(
  'Stats',
  z.strictObject({
    sessionCount: amount,
    messageCount: amount,
    ...counts,
    totalCost: dollars.describe('As `cost.usd`'),
    cost,
    prices,
    totalDurationMs: amount,
    bySource: z.record(z.string(), amount).describe('Sessions by source'),
    byModel: z.record(z.string(), amount).describe('Sessions by model'),
    modelUsage: z
      .record(z.string(), z.strictObject({ tokens: amount, cost: dollars, sessions: amount }))
      .describe('Usage by model, in the form of the original OpenSync; `unknown` for none'),
  }),
);

export const amounts = { sessions: amount, messages: amount, durationMs: amount, ...counts, cost };
const lengths = z.array(
  z.strictObject({ upTo: z.number().nullable().describe('Null: longer than the one before'), sessions: amount }),
);

export const analytics = named(
  'Analytics',
  z.strictObject({
    groupBy: z.enum(GROUPINGS),
    tz: z.string(),
    from: time.nullable().describe('Null: all of time'),
    to: time.nullable(),
    prices,
    totals: z.strictObject(amounts),
    groups: z
      .array(
        z.strictObject({
          key: z
            .string()
            .nullable()
            .describe(
              'A name, a day, or `1-09` for the hour from 9 on Mondays; null for none; `(other)` for the smallest',
            ),
          ...amounts,
        }),
      )
      .describe('Days and hours in order and without gaps, others by tokens'),
    lengths: z
      .strictObject({ durationMs: lengths, messages: lengths })
      .describe('How many sessions are how long: at most `upTo`, and more than the limit before'),
  }),
);

const progress = z.boolean().nullable().describe('Null: not known at the moment');

export const receipt = named(
  'Receipt',
  z.strictObject({
    sequence: z.string().describe('The `Osk-Sequence` of the write'),
    type: z.string().nullable(),
    documentId: z.string().nullable().describe('Of the session, message or part that was written'),
    stored: z.literal(true),
    deleted: z.literal(true).optional().describe('The session was deleted after the write'),
    documents: progress,
    searchable: progress,
    embedded: progress,
    payloads: progress.optional().describe('Of a deletion: its images, files and large contents are removed, too'),
    passagesNotEmbedded: count.optional(),
    deadLetters: z.array(z.strictObject({ consumer: z.string(), kind: z.string(), reason: z.string() })),
  }),
);

const parts = z.record(z.string(), z.string()).describe('`ok`, `degraded` or `down` by part');

export const home = named(
  'Home',
  z.strictObject({ name: z.literal('OpenSync'), url: z.string(), version: z.string(), status: z.string(), parts }),
);
export const health = z.strictObject({ status: z.literal('ok') });
export const readiness = named(
  'Readiness',
  z.strictObject({ status: z.string(), parts, details: z.record(z.string(), z.string()).optional() }),
);

const used = named(
  'Used',
  z.strictObject({ used: count, limit: count.nullable().describe('Null: there is no limit') }),
);
export const usage = named(
  'Usage',
  z.strictObject({
    day: z.string().describe('As `2026-11-30`, in UTC'),
    resetsAt: time.describe('When the next day begins'),
    today: z.strictObject({ requests: used, events: used, bytes: used }),
    requestsPerMinute: z
      .strictObject({ ingest: count.nullable(), read: count.nullable() })
      .describe('Limits of one key; null: there is none'),
  }),
);

export const logPage = named(
  'LogPage',
  z.strictObject({
    logs: z.array(
      named(
        'LoggedRequest',
        z.strictObject({
          id: z.string().describe('The same as `requestId`'),
          requestId: z.string().describe('The `X-Request-Id` of the answer'),
          userId: z.string().describe('The member whose key the request carried'),
          method: z.string(),
          endpoint: z.string().describe('The route, such as `/api/sessions/:id`'),
          statusCode: count.describe('499: the client closed the connection before the answer was sent'),
          responseTimeMs: amount,
          createdAt: time.describe('When the request ended'),
          keyId: z.string(),
          keyHint: z.string().nullable().describe('The end of the key, to tell keys apart'),
          sequence: z.string().nullable().describe('The `Osk-Sequence` of a write'),
          target: named(
            'ReadTarget',
            z.strictObject({
              kind: z.string().describe('Such as `session`, `message`, `event` or `dead letter`; plural: a list'),
              workspaceId: z.string().nullable().describe('Null: all workspaces, or none was found'),
              userId: z.string().nullable().describe('Null: all members, or none was found'),
              id: z.string().nullable().describe('Null: a list. Of an event, its `Osk-Sequence`'),
            }),
          )
            .nullable()
            .describe('Whose data an operator asked for, or an admin whose requests; null for other routes'),
        }),
      ),
    ),
    cursor: z.string().nullable().describe('For the next page; null on the last one'),
  }),
);

export const docsAnswer = named(
  'DocsAnswer',
  z.strictObject({
    results: z.array(
      named(
        'DocsHit',
        z.strictObject({
          id: z.string(),
          title: z.string().describe('Of the page'),
          heading: z.string().describe('Of the section; empty for the beginning of a page'),
          url: z.string().describe('The path of the section on this server'),
          markdownUrl: z.string().describe('The path of the page as Markdown'),
          snippet: z.string().describe('HTML: hits in `<mark>`, the rest escaped'),
          score: z.number(),
          matchedIn: z.array(z.enum(['fulltext', 'semantic'])),
        }),
      ),
    ),
    degraded: z
      .array(z.enum(['fulltext', 'semantic']))
      .optional()
      .describe('Sides that could not answer, or not completely'),
  }),
);

/** Of `/mcp`: what the protocol refuses has its own form. */
export const mcpError = named(
  'McpError',
  z.union([
    errorSchema,
    z.strictObject({
      jsonrpc: z.literal('2.0'),
      id: z.union([z.string(), z.number(), z.null()]),
      error: z.strictObject({ code: z.int(), message: z.string(), data: z.unknown().optional() }),
    }),
  ]),
);
