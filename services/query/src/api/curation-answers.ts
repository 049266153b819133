import { count, named, time } from '@opensync/platform/api-document';
import { ERRORS, type ErrorCode } from '@opensync/platform';
import { z } from 'zod';
import { snapshotSchema } from '../public/snapshot.ts';
import { session } from './answers.ts';

const restorableUntil = time.optional().describe('Of a session in the trash: until then it can be restored');

export const curatedSession = named(
  'CuratedSession',
  z.strictObject({
    ok: z.literal(true),
    sessionId: z.string(),
    session,
    publicSlug: z.string().optional().describe('The secret of the new link `/s/<publicSlug>`; shown only here'),
  }),
);

export const deletedSession = named(
  'DeletedSession',
  z.strictObject({ ok: z.literal(true), sessionId: z.string(), deleted: z.literal(true), restorableUntil }),
);

export const trashPage = named(
  'TrashPage',
  z.strictObject({
    sessions: z.array(session.extend({ restorableUntil: time.describe('Until then it can be restored') })),
    cursor: z.string().nullable().describe('Null on the last page'),
  }),
);

export const bulkAnswer = named(
  'BulkAnswer',
  z.strictObject({
    ok: z.boolean().describe('Whether all items succeeded'),
    results: z.array(
      z.strictObject({
        id: z.string().describe('As in the request; of a filter the session’s own'),
        sessionId: z.string().optional(),
        status: z.int().describe('The status of the item alone'),
        etag: z.string().optional(),
        restorableUntil,
        error: z
          .strictObject({
            code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
            message: z.string(),
            retryable: z.boolean(),
          })
          .optional(),
      }),
    ),
    more: z.literal(true).optional().describe('The filter finds more sessions than the limit'),
  }),
);

export const publicSession = named(
  'PublicSession',
  snapshotSchema.extend({
    createdAt: time,
    publishedAt: time,
    omittedMessages: count.describe('Messages that did not fit'),
    expiresAt: time.nullable().describe('When the link ends; null: only when it is revoked'),
  }),
);
