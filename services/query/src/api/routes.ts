import { z } from 'zod';
import type { ApiRoute, JsonSchema } from '@opensync/platform/api-document';
import { auditSchema } from '../audit/audit.ts';
import { documentationOf, documented, formOf, parameterIn } from '../parameters.ts';
import { READ_ROUTES } from '../read-routes.ts';
import { contextAnswer } from './context-answers.ts';
import {
  analytics,
  auditAnswer,
  docsAnswer,
  health,
  home,
  mcpError,
  logPage,
  readiness,
  receipt,
  searchAnswer,
  sessionAndMessages,
  sessionOutline,
  sessionSearch,
  sessionPage,
  sessionWithMessages,
  stats,
  usage,
  wholeContent,
} from './answers.ts';
import { ACCOUNT_ROUTES } from './account-routes.ts';
import { ERASURE_ROUTES } from './erasure-routes.ts';
import { JOB_ROUTES } from './job-routes.ts';
import { LOGIN_ROUTES } from './login-routes.ts';
import { CURATION_ROUTES } from './curation-routes.ts';
import { OPERATOR_ROUTES } from './operator-routes.ts';
import { read } from './read-route.ts';
import { WRAPPED_ROUTES } from './wrapped-routes.ts';

const jsonRpcMessage: JsonSchema = { type: ['object', 'array'], description: 'A message of JSON-RPC 2.0' };
const MEDIA = 'GET /api/sessions/:id/media/:sha256';

/** The routes of the query service, and those that every process with an HTTP API has. */
export const QUERY_ROUTES: readonly ApiRoute[] = [
  {
    ...read('GET /api/sessions', 'List sessions'),
    tag: 'sessions',
    description: 'Newest first. The filters are combined with "and".',
    answers: { 200: { description: 'A page of sessions', schema: sessionPage } },
  },
  {
    ...read('GET /api/sessions/:id', 'Read a session with its messages'),
    tag: 'sessions',
    answers: { 200: { description: 'The session and a page of its messages', schema: sessionWithMessages } },
  },
  {
    ...read('GET /api/sessions/get', 'Read a session, in the form of the original OpenSync'),
    tag: 'sessions',
    answers: { 200: { description: 'The session and a page of its messages', schema: sessionAndMessages } },
  },
  {
    ...read('GET /api/sessions/:id/outline', 'Outline the messages of a session, without their bodies'),
    tag: 'sessions',
    description: 'One array for each property of the messages; the same index is the same message.',
    answers: { 200: { description: 'The outline, or a page of it', schema: sessionOutline } },
  },
  {
    ...read('GET /api/sessions/:id/search', 'Search within a session'),
    tag: 'sessions',
    answers: { 200: { description: 'The messages that match, in the order of the session', schema: sessionSearch } },
  },
  {
    ...read('GET /api/sessions/:id/messages/:messageId/content', 'Read what a page with `preview` shows cut'),
    tag: 'sessions',
    answers: { 200: { description: 'The text, content or extra, whole, as JSON', schema: wholeContent } },
  },
  {
    ...read(MEDIA, 'Read the bytes of an image or file'),
    tag: 'sessions',
    description: 'Supports `Range` and `If-None-Match`.',
    answers: {
      200: { description: 'The bytes', mediaType: '*/*' },
      206: { description: 'The requested range of them', mediaType: '*/*' },
      304: { description: 'The client has them already' },
    },
  },
  ...CURATION_ROUTES,
  ...LOGIN_ROUTES,
  ...ACCOUNT_ROUTES,
  ...ERASURE_ROUTES,
  ...JOB_ROUTES,
  {
    ...read('GET /api/search', 'Search sessions'),
    tag: 'search',
    answers: { 200: { description: 'The sessions that match best', schema: searchAnswer } },
  },
  {
    ...read('POST /search', 'Search sessions with a long query'),
    tag: 'search',
    parameters: [],
    body: bodyOf(READ_ROUTES['POST /search']!),
    answers: { 200: { description: 'The sessions that match best', schema: searchAnswer } },
  },
  {
    ...read('GET /api/context', 'Get passages of sessions for a prompt'),
    tag: 'search',
    description:
      'Passages that help with a prompt, without copies, over several sessions, packed into a number of tokens, each with a citation.',
    answers: { 200: { description: 'The passages, the best ones first and last', schema: contextAnswer } },
  },
  {
    ...read('POST /api/context', 'Get passages of sessions for a long prompt'),
    tag: 'search',
    parameters: [],
    body: bodyOf(READ_ROUTES['POST /api/context']!),
    answers: { 200: { description: 'The passages, the best ones first and last', schema: contextAnswer } },
  },
  {
    ...read('GET /api/export', 'Export sessions as a file'),
    tag: 'export',
    description:
      'The type of the file depends on `format`. A file that fits into one piece has its totals in the headers `X-Export-Sessions` and `X-Export-TestCases`, a longer one in trailers of these names; one without trailers was cut off.',
    answers: { 200: { description: 'The file', mediaType: '*/*' } },
  },
  {
    ...read('GET /api/export/evals', 'Export sessions as a file, under the name of the original OpenSync'),
    tag: 'export',
    description: 'The same as `GET /api/export`.',
    answers: { 200: { description: 'The file', mediaType: '*/*' } },
  },
  {
    method: 'POST',
    path: '/mcp',
    tag: 'mcp',
    summary: 'Call tools with the Model Context Protocol',
    description: 'Streamable HTTP without sessions, for the revision 2026-07-28 and earlier ones.',
    access: ['read'],
    body: jsonRpcMessage,
    answers: {
      200: { description: 'The answer, as JSON or as one server-sent event', mediaType: '*/*' },
      202: { description: 'A notification has no answer' },
      400: { description: 'No message of the protocol', schema: mcpError },
      406: { description: 'The client does not accept both JSON and server-sent events', schema: mcpError },
      413: { description: 'The message is too large', schema: mcpError },
      415: { description: 'The message is not JSON', schema: mcpError },
    },
  },
  {
    ...read('GET /api/stats', 'Totals over the sessions that the caller may see'),
    tag: 'statistics',
    access: ['figures'],
    answers: { 200: { description: 'The totals', schema: stats } },
  },
  {
    ...read('GET /api/analytics', 'Amounts over the sessions that the caller may see, in groups'),
    tag: 'statistics',
    description:
      'Days and hours of any time zone; models, providers, sources, projects, users and tools, the largest first.',
    access: ['figures'],
    answers: { 200: { description: 'The groups', schema: analytics } },
  },
  ...WRAPPED_ROUTES,
  {
    ...read('GET /api/live', 'Follow what changes'),
    tag: 'sessions',
    description:
      'Server-sent events: `session`, `message`, `gone` and `receipt`, besides `ready`, `position` and `reset`. Send the last `id` as `Last-Event-ID` to continue there.',
    waits: false,
    answers: {
      200: { description: 'The events, until the client or the server ends it', mediaType: 'text/event-stream' },
    },
  },
  {
    ...read('GET /api/logs', 'List API requests'),
    tag: 'statistics',
    description:
      'Newest first. Members see their own requests; owners and admins of the workspace, with an `admin` key, see those of all members. An entry appears about a second after its request.',
    access: ['logs'],
    waits: false,
    answers: { 200: { description: 'A page of requests', schema: logPage } },
  },
  {
    ...read('GET /api/usage', 'Ask what the workspace has used today'),
    tag: 'statistics',
    description:
      'The requests, events and bytes of this day of UTC, in all processes together, and what the workspace may use. Asking counts for nothing.',
    access: ['account'],
    waits: false,
    answers: { 200: { description: 'What was used, and the limits', schema: usage } },
  },
  ...OPERATOR_ROUTES,
  {
    ...read('GET /api/receipts/:sequence', 'Ask how far a write has come'),
    tag: 'receipts',
    answers: { 200: { description: 'How far it has come', schema: receipt } },
  },
  {
    method: 'POST',
    path: '/api/audit',
    tag: 'receipts',
    summary: 'Ask which sessions have to be sent again',
    description: 'Compares the sessions that a client has with the stored ones of the same user.',
    access: ['ingest', 'read'],
    waits: true,
    body: formOf(auditSchema),
    answers: { 200: { description: 'What is stored of each', schema: auditAnswer } },
  },
  {
    ...read('GET /docs/search', 'Search the documentation of OpenSync'),
    tag: 'server',
    description: 'By words and by meaning, section by section. Any key will do.',
    access: ['read', 'figures', 'ingest'],
    waits: false,
    answers: { 200: { description: 'The sections that match best', schema: docsAnswer } },
  },
  page('/docs', 'Read the documentation: all pages', { mediaType: 'text/html' }),
  docsPage('/docs/:page', 'A page of the documentation'),
  docsPage('/docs/adr/:page', 'A decision about the architecture'),
  docsPage('/docs/runbooks/:page', 'What an alert means, and what to do'),
  page('/llms.txt', 'List the pages of the documentation for agents', { mediaType: 'text/plain' }),
  page('/', 'Open the console; as JSON: see whether the server is healthy', { schema: home, alsoAs: ['text/html'] }),
  consolePage('/app'),
  consolePage('/app/:page'),
  consolePage('/app/:page/:id'),
  consolePage('/app/:page/:id/:part'),
  page('/openapi.json', 'Read this document', { mediaType: 'application/json' }),
  page('/docs/api', 'Read this document as a page', { mediaType: 'text/html' }),
  page('/health', 'Ask whether the process answers', { schema: health }),
  page('/livez', 'Ask whether the process should be restarted (`503`)', { schema: health }),
  page('/readyz', 'Ask whether the process can take requests (`503`: not now)', { schema: readiness }),
];

function page(
  path: string,
  summary: string,
  answer: Pick<ApiRoute['answers'][number], 'schema' | 'mediaType' | 'alsoAs'>,
): ApiRoute {
  return {
    method: 'GET',
    path,
    tag: 'server',
    summary,
    access: 'public',
    answers: { 200: { description: summary, ...answer } },
  };
}

/** Whatever its address, it is the same page, and without a built console that of `/`. */
function consolePage(path: string): ApiRoute {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const text = documented(z.string(), { takes: 'text', meaning: 'Which page is shown, and what of' });
  return {
    ...page(path, 'Open a page of the console', { schema: home, alsoAs: ['text/html', 'text/javascript', 'text/css'] }),
    ...(names.length > 0 && { parameters: names.map((name) => parameterIn('path', name, text)) }),
  };
}

function docsPage(path: string, summary: string): ApiRoute {
  const name = documented(z.string(), {
    takes: 'text',
    meaning: 'The name of the page; with `.md` it is sent as Markdown',
  });
  return {
    ...page(path, summary, { mediaType: 'text/html', alsoAs: ['text/markdown'] }),
    description: 'As Markdown for `Accept: text/markdown`, too.',
    parameters: [parameterIn('path', 'page', name)],
  };
}

/** The schema of a JSON body with these fields; `filters.source` is a field within `filters`. */
function bodyOf(shape: (typeof READ_ROUTES)[string]): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [name, schema] of Object.entries(shape)) {
    if (!documentationOf(schema)) continue;
    const [field, inner] = name.split('.') as [string, string?];
    const { description, required: isRequired, schema: form } = parameterIn('query', name, schema);
    if (inner === undefined) {
      properties[field] = { ...form, description };
      if (isRequired) required.push(field);
    } else {
      const others = properties[field]?.['properties'] as Record<string, JsonSchema> | undefined;
      const fields = { ...others, [inner]: { ...form, description } };
      properties[field] = { type: 'object', properties: fields, additionalProperties: false };
    }
  }
  return { type: 'object', properties, required, additionalProperties: false };
}
