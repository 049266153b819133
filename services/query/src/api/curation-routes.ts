import type { ApiParameter, ApiRoute } from '@opensync/platform/api-document';
import { bulkSchema } from '../curation/bulk.ts';
import { patchSchema } from '../curation/patch.ts';
import { deleteSchema } from '../curation/trash.ts';
import { formOf, parameterIn } from '../parameters.ts';
import { READ_ROUTES } from '../read-routes.ts';
import { sessionPage } from './answers.ts';
import { bulkAnswer, curatedSession, deletedSession, publicSession, trashPage } from './curation-answers.ts';
import { read } from './read-route.ts';

const id = parameterIn('path', 'id', READ_ROUTES['GET /api/sessions/:id']![':id']!);
const ifMatch: ApiParameter = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description: 'The `ETag` of the session: the command fails with `409` if a person has changed it since.',
  schema: { type: 'string' },
};

/** What people do with sessions. */
export const CURATION_ROUTES: readonly ApiRoute[] = [
  {
    method: 'PATCH',
    path: '/api/sessions/:id',
    tag: 'curation',
    summary: 'Edit, judge, share or publish a session',
    description:
      'Changes the named fields, null takes a value back. `isPublic: true` takes a snapshot and answers with its new link. Without `If-Match`, the last writer of a field wins.',
    access: ['curate'],
    parameters: [id, ifMatch],
    body: formOf(patchSchema),
    waits: true,
    writes: true,
    answers: { 200: { description: 'The change is stored', schema: curatedSession } },
  },
  {
    method: 'POST',
    path: '/api/sessions/bulk',
    tag: 'curation',
    summary: 'Run one command for several sessions',
    description: 'For a list of ids, or for those of the caller’s own sessions that a filter finds, newest first.',
    access: ['curate'],
    body: formOf(bulkSchema),
    waits: true,
    writes: true,
    answers: {
      200: { description: 'All items succeeded', schema: bulkAnswer },
      207: { description: 'Some items failed', schema: bulkAnswer },
    },
  },
  {
    method: 'DELETE',
    path: '/api/sessions/:id',
    tag: 'curation',
    summary: 'Delete a session',
    description:
      'Hides it at once, and deletes it from documents, indexes and payloads after a day, or at once with `permanent=true`; the receipt of the write shows how far that is.',
    access: ['delete'],
    parameters: [id, parameterIn('query', 'permanent', deleteSchema.shape.permanent)],
    waits: true,
    writes: true,
    answers: { 200: { description: 'The deletion is stored', schema: deletedSession } },
  },
  {
    method: 'POST',
    path: '/api/sessions/:id/restore',
    tag: 'curation',
    summary: 'Take a session out of the trash',
    description: 'Within a day after its deletion, unless that was permanent.',
    access: ['delete'],
    parameters: [id],
    waits: true,
    writes: true,
    answers: { 200: { description: 'The session is back', schema: curatedSession } },
  },
  {
    ...read('GET /api/trash', 'List the sessions that can be restored'),
    tag: 'curation',
    description: 'Of the caller, the one first that will be deleted for good first.',
    access: ['delete'],
    answers: { 200: { description: 'A page of sessions', schema: trashPage } },
  },
  {
    ...read('GET /api/review', 'List the sessions that wait for a verdict'),
    tag: 'curation',
    description:
      'Oldest first: those that are `evalReady` and have no `evalStatus`, and those with the status `needs_review`.',
    answers: { 200: { description: 'A page of sessions', schema: sessionPage } },
  },
  ...['/s/:slug', '/public/:slug'].map((path): ApiRoute => ({
    method: 'GET',
    path,
    tag: 'public',
    summary: 'Read a session that its owner made public',
    description: 'As a page, or as JSON for an `Accept` that prefers it.',
    access: 'public',
    parameters: [
      {
        name: 'slug',
        in: 'path',
        required: true,
        description: 'The `publicSlug` of the session.',
        schema: { type: 'string' },
      },
    ],
    answers: { 200: { description: 'The redacted snapshot', schema: publicSession } },
  })),
];
