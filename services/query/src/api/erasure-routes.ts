import { amount, named, time, type ApiRoute } from '@opensync/platform/api-document';
import { z } from 'zod';
import { eraseMeSchema } from '../erasure/request.ts';
import { formOf } from '../parameters.ts';

const accepted = named('ErasureBegun', z.strictObject({ ok: z.literal(true), erasureId: z.string() }));
const certificate = named(
  'Erasure',
  z.strictObject({
    id: z.string(),
    workspaceId: z.string(),
    userId: z.string().describe('Who asked for it. It names nobody once they are gone'),
    state: z.enum(['requested', 'erasing', 'complete']),
    requestedAt: time,
    hiddenAt: time.optional().describe('Since then nobody sees anything of it, and no key or login works'),
    completedAt: time.optional(),
    found: z
      .strictObject({ sessions: amount, messages: amount, payloads: amount })
      .optional()
      .describe('What there was, without the trash'),
    erased: z.strictObject({
      keys: amount.optional(),
      invitations: amount.optional(),
      sessions: amount.optional().describe('Also those that were deleted before'),
      events: amount.optional().describe('Removed from the log so far'),
    }),
    verified: z
      .strictObject({
        documents: time.optional(),
        fullText: time.optional(),
        vectors: time.optional(),
        payloads: time.optional(),
        events: time.optional(),
      })
      .describe('When each store was asked and had nothing left'),
  }),
);

/** What a person erases, and what shows that it is gone. */
export const ERASURE_ROUTES: readonly ApiRoute[] = [
  {
    ...{ method: 'DELETE', path: '/api/me', tag: 'account', access: ['eraseMe'] },
    summary: 'Erase everything of the caller in the workspace',
    description:
      'It cannot be undone. It is hidden at once, and erased within half an hour. Keys and logins end with the answer.',
    body: formOf(eraseMeSchema),
    answers: { 202: { description: 'It has begun; `Location` shows how far it is', schema: accepted } },
  },
  {
    ...{ method: 'GET', path: '/api/erasures/:id', tag: 'account', access: 'public' },
    summary: 'Read how far an erasure is, and its certificate',
    description: 'For anybody who has the id.',
    parameters: [
      {
        ...{ name: 'id', in: 'path', required: true, description: 'The `erasureId`' },
        schema: { type: 'string' },
      },
    ],
    answers: { 200: { description: 'The certificate', schema: certificate } },
  },
];
