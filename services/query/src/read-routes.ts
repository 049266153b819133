import { z } from 'zod';
import { contextBodyFields, contextQueryFields } from './context/context-request.ts';
import { exportSchema } from './export/options.ts';
import { searchFilterFields } from './input.ts';
import { analyticsSchema } from './analytics/analytics-request.ts';
import { documentationOf, documented, type ParameterDoc } from './parameters.ts';
import { searchDocsSchema } from './docs/search-docs.ts';
import { trashSchema } from './curation/list-trash.ts';
import { reviewSchema } from './curation/review.ts';
import { liveSchema } from './live/live-request.ts';
import { listDocumentsSchema, listLettersSchema, readDocumentSchema } from './operator/operator-requests.ts';
import { listLogsSchema } from './logs/list-logs.ts';
import { searchBodyFields, searchQueryFields } from './search/search-request.ts';
import { listSessionsSchema } from './sessions/list-sessions.ts';
import { outlineSchema } from './sessions/outline.ts';
import { contentSchema } from './sessions/content-request.ts';
import { searchSessionSchema } from './sessions/search-session.ts';
import { listWrappedSchema, wrappedSchema } from './wrapped/wrapped-request.ts';
import { readSessionByIdSchema, readSessionSchema } from './sessions/read-session.ts';

const ofPath = (takes: string, meaning: string) => documented(z.string(), { takes, meaning });

const FILTERS_IN_BODY = Object.fromEntries(
  Object.entries(searchFilterFields).map(([name, schema]) => [`filters.${name}`, schema]),
);

const SESSION_ID = {
  ':id': ofPath('text, 1 to 512 characters', 'The session’s id, assigned by OpenSync or by its plugin'),
};

/** The reads with their parameters, by name: in the path, in the query string, in the body. */
export const READ_ROUTES: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  'GET /api/sessions': listSessionsSchema.shape,
  'GET /api/sessions/:id': {
    ...SESSION_ID,
    ...readSessionSchema.shape,
  },
  'GET /api/sessions/:id/outline': { ...SESSION_ID, ...outlineSchema.shape },
  'GET /api/sessions/:id/search': { ...SESSION_ID, ...searchSessionSchema.shape },
  'GET /api/sessions/:id/messages/:messageId/content': {
    ...SESSION_ID,
    ':messageId': ofPath('`msg_…`', 'A message of the session'),
    ...contentSchema.shape,
  },
  'GET /api/sessions/:id/media/:sha256': {
    ...SESSION_ID,
    ':sha256': ofPath('64 hexadecimal digits', 'The SHA-256 of a blob that the session has'),
  },
  'GET /api/sessions/get': readSessionByIdSchema.shape,
  'GET /api/search': searchQueryFields,
  'POST /search': {
    ...searchBodyFields,
    ...FILTERS_IN_BODY,
    ...Object.fromEntries(Object.entries(searchFilterFields).map(([name, schema]) => [`filters.${name}`, schema])),
  },
  'GET /api/context': contextQueryFields,
  'POST /api/context': { ...contextBodyFields, ...FILTERS_IN_BODY },
  'GET /api/export': exportSchema.shape,
  'GET /api/export/evals': exportSchema.shape,
  'GET /api/review': reviewSchema.shape,
  'GET /api/trash': trashSchema.shape,
  'GET /api/stats': {},
  'GET /api/analytics': analyticsSchema.shape,
  'GET /api/wrapped': listWrappedSchema.shape,
  'GET /api/wrapped/:date': {
    ':date': ofPath('`2026-11-29`, `2026-W48`, `2026-11` or `2026`', 'A day, week, month or year'),
    ...wrappedSchema.shape,
  },
  'GET /api/live': liveSchema.shape,
  'GET /api/logs': listLogsSchema.shape,
  'GET /api/usage': {},
  'GET /api/projections': {},
  'GET /api/operator/status': {},
  'GET /api/operator/processes': {},
  'GET /api/operator/settings': {},
  'GET /api/operator/generations': {},
  'GET /api/operator/backups': {},
  'GET /api/operator/owners': {},
  'GET /api/operator/documents': listDocumentsSchema.shape,
  'GET /api/operator/documents/:id': {
    ':id': ofPath('`ses_…` or `msg_…`', 'The id of a session or a message'),
    ...readDocumentSchema.shape,
  },
  'GET /api/operator/events/:sequence': { ':sequence': ofPath('whole number', 'The position of the event in the log') },
  'GET /api/operator/dead-letters': listLettersSchema.shape,
  'GET /api/operator/dead-letters/:id': { ':id': ofPath('whole number', 'The id of a dead letter') },
  'GET /api/jobs': {},
  'GET /docs/search': searchDocsSchema.shape,
  'GET /api/receipts/:sequence': { ':sequence': ofPath('`pos_…`', 'The `Osk-Sequence` of a write') },
};

export interface DocumentedParameter extends ParameterDoc {
  readonly name: string;
  readonly routes: readonly string[];
}

/** The parameters that docs/api.md lists: each once, with all routes that share it. */
export function documentedParameters(): DocumentedParameter[] {
  const parameters = new Map<string, DocumentedParameter>();
  for (const [route, shape] of Object.entries(READ_ROUTES)) {
    for (const [name, schema] of Object.entries(shape)) {
      const doc = documentationOf(schema);
      if (!doc) continue;
      const key = JSON.stringify([name, doc]);
      parameters.set(key, { ...doc, name, routes: [...(parameters.get(key)?.routes ?? []), route] });
    }
  }
  return [...parameters.values()];
}
