import { count, named, time } from '@opensync/platform/api-document';
import { z } from 'zod';
import { OMISSIONS, type OmissionReason } from '../context/passage.ts';

const citation = named(
  'Citation',
  z.strictObject({
    rank: count.describe('1 is the best passage'),
    sessionId: z.string(),
    title: z.string().nullable(),
    projectName: z.string().nullable(),
    source: z.string(),
    model: z.string().nullable(),
    messages: z
      .array(
        z.strictObject({
          id: z.string(),
          role: z.string(),
          position: z.string().describe('`mps_…`, its place in the session'),
          createdAt: time,
        }),
      )
      .describe('The quoted messages, in order'),
    createdAt: time.describe('Of the message that was found'),
    link: z.string().describe('The path that shows the passage within its session'),
    copies: z
      .strictObject({ count: z.int().positive(), sessionIds: z.array(z.string()).max(20) })
      .optional()
      .describe(
        'Messages that say the same, such as those of forks: how many, and the first 20 other sessions that have them',
      ),
  }),
);

const REASONS = Object.keys(OMISSIONS) as [OmissionReason, ...OmissionReason[]];

const about = {
  sessionCount: count.describe('Sessions that have a passage in the answer'),
  tokens: count.describe('Of the answer as text, with its citations and markers, counted with `o200k_base`'),
  omitted: z
    .array(
      z.strictObject({
        sessionId: z.string(),
        messageId: z.string(),
        reason: z.enum(REASONS),
        keptMessageId: z.string().optional().describe('The message that says the same, or quotes it'),
      }),
    )
    .describe('What was found and is not in the answer'),
  reasons: z.record(z.string(), z.string()).optional().describe('What the reasons in `omitted` mean'),
  degraded: z
    .array(z.enum(['fulltext', 'semantic']))
    .optional()
    .describe('Sides of the search that could not answer, or whose index lacks documents'),
  partial: z.literal(true).optional().describe('No message has all words: these have most of them'),
  noCloseMatch: z.literal(true).optional().describe('Nothing is close in meaning: no passage was found by meaning'),
};

const text = named(
  'TextContext',
  z.strictObject({ text: z.string().describe('For a prompt'), citations: z.array(citation), ...about }),
);
const messages = named(
  'MessagesContext',
  z.strictObject({
    messages: z.array(
      z.strictObject({
        role: z.enum(['user', 'assistant']),
        content: z.string(),
        metadata: z.strictObject({
          sessionId: z.string(),
          sessionTitle: z.string().optional(),
          messageId: z.string(),
          role: z.string().describe('As it is stored'),
          rank: count,
        }),
      }),
    ),
    citations: z.array(citation),
    ...about,
  }),
);
const passages = named(
  'PassagesContext',
  z.strictObject({
    context: z.array(
      z.strictObject({
        rank: count,
        sessionId: z.string(),
        title: z.string().nullable(),
        content: z.string(),
        score: z.number().describe('Higher is better; comparable within one answer only'),
        messageIds: z.array(z.string()),
        citation,
      }),
    ),
    ...about,
  }),
);

/** By `format`: `text`, `messages` or `json`. */
export const contextAnswer = z.union([text, messages, passages]);
