import type { ApiRoute } from '@opensync/platform/api-document';
import { amount, named, time } from '@opensync/platform/api-document';
import { EDITIONS } from '@opensync/wrapped-summary';
import { z } from 'zod';
import { OF } from '../wrapped/wrapped-request.ts';
import { amounts, cost, dollars, prices } from './answers.ts';
import { read } from './read-route.ts';

const of = z.enum(OF);
const tz = z.string().describe('The time zone whose days these are; of the last day, if it has changed');
const line = { sessions: amount, messages: amount, totalTokens: amount, usd: dollars };
const dayLine = named('WrappedDay', z.strictObject({ date: z.string(), ...line }));
const ranked = z
  .array(
    z.strictObject({
      name: z.string().nullable().describe('Null: without a name'),
      ...{ sessions: amount, messages: amount, totalTokens: amount, cost },
    }),
  )
  .describe('At most five, with the most tokens first');
const change = z
  .number()
  .nullable()
  .describe('On an average day, as a share: 0.5 is half as much again; null: none before');

const wrapped = named(
  'Wrapped',
  z.strictObject({
    of,
    edition: z.enum(EDITIONS),
    date: z.string().describe('`2026-11-29`, `2026-W48`, `2026-11` or `2026`'),
    from: time,
    to: time,
    tz,
    prices,
    totals: z.strictObject(amounts),
    models: ranked,
    sources: ranked,
    projects: ranked,
    tools: z
      .array(z.strictObject({ name: z.string().nullable(), calls: amount, errors: amount }))
      .describe('At most five, with the most calls first'),
    counts: z
      .strictObject({ models: amount, sources: amount, projects: amount, tools: amount })
      .describe('How many different names there were'),
    hours: z
      .array(z.strictObject({ messages: amount, totalTokens: amount }))
      .describe('By hour of the day: 24, from midnight on'),
    busiestHour: amount.nullable().describe('With the most messages; null if nothing happened'),
    busiestDay: z.string().nullable(),
    activeDays: amount,
    streak: amount.describe('Active days in a row that end with the last day; 400 also stands for more'),
    longestStreak: amount.describe('Within the period'),
    longestSessionMs: amount.describe('Of the sessions that began in the period'),
    days: z.array(dayLine).describe('The days of the period; of a day, the seven before it as well'),
    comparison: z
      .strictObject({
        from: z.string().describe('Its first day; it ends where the period begins'),
        days: amount,
        ...line,
        change: z.strictObject({ sessions: change, messages: change, totalTokens: change, usd: change }),
      })
      .describe('A day is compared with the week before it, others with the period before'),
  }),
);

export const WRAPPED_ROUTES: readonly ApiRoute[] = [
  {
    ...read('GET /api/wrapped', 'List the last days with what happened on them'),
    tag: 'statistics',
    access: ['figures'],
    answers: {
      200: {
        description: 'The days, the latest first',
        schema: named('WrappedDays', z.strictObject({ of, tz, days: z.array(dayLine) })),
      },
    },
  },
  {
    ...read('GET /api/wrapped/:date', 'Sum up a day, week, month or year'),
    tag: 'statistics',
    description:
      'With `.md` behind the date as Markdown, with `.png` as a picture. It is computed from the same sums as statistics, so late sessions count.',
    access: ['figures'],
    answers: {
      200: { description: 'The summary; `text/markdown` with `.md`, `image/png` with `.png`', schema: wrapped },
      304: { description: 'The client has the picture already' },
    },
  },
];
