import type { Action } from '@opensync/contracts';
import {
  AUDIT_ROWS,
  BULK_ROWS,
  DELETE_ROWS,
  LOG_ROWS,
  MCP_ROWS,
  mcpCall,
  PATCH_ROWS,
  WRAPPED_DAYS,
  WRAPPED_ROWS,
} from './access/several-rows.ts';
import {
  ABOUT_NO_SESSION,
  ABOUT_THE_CALLER,
  DELETED,
  FIGURES,
  FOUND,
  NAMED,
  OWN,
  READERS,
  RECEIPT,
  TRASH,
  WRITTEN,
  type AccessRow,
  type AccessRows,
  type Call,
  type Named,
} from './access/rows.ts';

export type { Named } from './access/rows.ts';

export interface KeyedRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As the router knows it. */
  readonly route: string;
  /** The caller must be allowed to do at least one of these. */
  readonly access: readonly Action[];
  /** Its rows of the access matrix: what each role may do with whose sessions. */
  readonly rows: AccessRows;
  /** A call that names these. */
  readonly call: (named: Named) => Call;
}

/**
 * Every route that needs a key, for tests that apply to each of them. A test compares them with the all-in-one's own
 * routes: a new route must be added here, and is then tested with wrong keys, other scopes, other roles, other owners' ids
 * and random requests.
 */
export const KEYED_ROUTES: readonly KeyedRoute[] = [
  write('/sync/session', WRITTEN, ({ session }) => ({ externalId: session, title: 'Written by another' })),
  write('/sync/message', WRITTEN, ({ session }) => ({ sessionExternalId: session, externalId: 'm', role: 'user' })),
  write('/sync/batch', WRITTEN, ({ session }) => ({ sessions: [{ externalId: session }], messages: [] })),
  read('/sync/sessions/list', OWN, () => '/sync/sessions/list', ['ingest', 'read']),
  write(
    '/sync/metadata',
    OWN,
    ({ session }) => ({ sessions: [session], messages: [{ sessionExternalId: session, externalId: 'm' }] }),
    ['ingest', 'read'],
  ),
  read('/api/sessions', FOUND),
  read('/api/sessions/:id', NAMED, ({ session }) => `/api/sessions/${encodeURIComponent(session)}`),
  {
    ...{ method: 'DELETE', route: '/api/sessions/:id', access: ['delete'], rows: DELETE_ROWS },
    call: ({ session }) => ({ path: `/api/sessions/${encodeURIComponent(session)}` }),
  },
  {
    ...{ method: 'PATCH', route: '/api/sessions/:id', access: ['curate'], rows: PATCH_ROWS },
    call: ({ session }) => ({
      path: `/api/sessions/${encodeURIComponent(session)}`,
      json: { title: 'Renamed by another', evalStatus: 'golden' },
    }),
  },
  {
    ...{ method: 'POST', route: '/api/sessions/:id/restore', access: ['delete'], rows: [DELETED] },
    call: ({ session }) => ({ path: `/api/sessions/${encodeURIComponent(session)}/restore` }),
  },
  write('/api/sessions/bulk', BULK_ROWS, ({ session }) => ({ command: 'tag', ids: [session], add: ['of-another'] }), [
    'curate',
  ]),
  read('/api/review', FOUND),
  read('/api/trash', TRASH, () => '/api/trash?limit=50', ['delete']),
  read('/api/sessions/get', NAMED, ({ session }) => `/api/sessions/get?id=${encodeURIComponent(session)}`),
  read('/api/sessions/:id/outline', NAMED, ({ session }) => `/api/sessions/${encodeURIComponent(session)}/outline`),
  read(
    '/api/sessions/:id/search',
    NAMED,
    ({ session, words }) => `/api/sessions/${encodeURIComponent(session)}/search?q=${encodeURIComponent(words)}`,
  ),
  read(
    '/api/sessions/:id/messages/:messageId/content',
    NAMED,
    ({ session, message }) =>
      `/api/sessions/${encodeURIComponent(session)}/messages/${encodeURIComponent(message)}/content`,
  ),
  read(
    '/api/sessions/:id/media/:sha256',
    { ...NAMED, shownBy: 'status' },
    ({ session, sha256 }) => `/api/sessions/${encodeURIComponent(session)}/media/${encodeURIComponent(sha256)}`,
  ),
  write('/search', FOUND, ({ words }) => ({ query: words }), ['read']),
  read('/api/search', FOUND, ({ words }) => `/api/search?q=${encodeURIComponent(words)}`),
  // As JSON: the text begins with the query.
  write('/api/context', FOUND, ({ words }) => ({ query: words, format: 'json' }), ['read']),
  read('/api/context', FOUND, ({ words }) => `/api/context?format=json&q=${encodeURIComponent(words)}`),
  write('/mcp', MCP_ROWS, ({ words }) => mcpCall('search_sessions', { query: words }), ['read']),
  write(
    '/api/audit',
    AUDIT_ROWS,
    ({ session }) => ({ sessions: [{ externalId: session, messageCount: 1, lastMessageId: 'm' }] }),
    ['ingest', 'read'],
  ),
  read('/api/export', NAMED, ({ session }) => `/api/export?id=${encodeURIComponent(session)}`),
  read(
    '/api/export/evals',
    NAMED,
    ({ session }) => `/api/export/evals?format=deepeval&id=${encodeURIComponent(session)}`,
  ),
  read('/api/stats', FIGURES, () => '/api/stats', ['figures']),
  read('/api/analytics', FIGURES, () => '/api/analytics?groupBy=model', ['figures']),
  read('/api/wrapped', WRAPPED_DAYS, () => '/api/wrapped?of=workspace', ['figures']),
  read('/api/wrapped/:date', WRAPPED_ROWS, () => '/api/wrapped/2026', ['figures']),
  // It ends: otherwise a test would wait for what comes next. Whose changes it sends is tested where changes are made.
  read('/api/live', { scope: 'read', roles: READERS, sessions: {} }, () => '/api/live?seconds=0'),
  read('/api/logs', LOG_ROWS, () => '/api/logs', ['logs']),
  // With a key there is no login to end.
  write('/auth/login/key', ABOUT_THE_CALLER, () => ({}), ['account']),
  read('/auth/session', ABOUT_THE_CALLER, () => '/auth/session', ['account']),
  read('/auth/logins', ABOUT_THE_CALLER, () => '/auth/logins', ['account']),
  {
    ...{ method: 'DELETE', route: '/auth/logins/:id', access: ['account'] },
    rows: [{ ...ABOUT_THE_CALLER, sessions: { own: 404 } }],
    call: () => ({ path: '/auth/logins/lgn_none' }),
  },
  write('/auth/logout', ABOUT_THE_CALLER, () => ({}), ['account']),
  read('/docs/search', ABOUT_NO_SESSION, ({ words }) => `/docs/search?q=${encodeURIComponent(words)}`, [
    'read',
    'figures',
    'ingest',
  ]),
  read('/api/receipts/:sequence', RECEIPT, ({ sequence }) => `/api/receipts/${sequence}`),
];

/** Public routes. */
export const PUBLIC_ROUTES: readonly string[] = [
  'GET /',
  'GET /auth/login',
  'GET /auth/login.js',
  'GET /docs',
  'GET /docs/:page',
  'GET /docs/adr/:page',
  'GET /docs/api',
  'GET /health',
  'GET /livez',
  'GET /llms.txt',
  'GET /metrics',
  'GET /openapi.json',
  'GET /public/:slug',
  'GET /readyz',
  'POST /auth/login/link',
];

type Rows = AccessRow | AccessRows;

function rowsOf(rows: Rows): AccessRows {
  return 'roles' in rows ? [rows] : rows;
}

function read(
  route: string,
  rows: Rows,
  path: (named: Named) => string = () => route,
  access: readonly Action[] = ['read'],
): KeyedRoute {
  return { method: 'GET', route, access, rows: rowsOf(rows), call: (named) => ({ path: path(named) }) };
}

function write(
  route: string,
  rows: Rows,
  json: (named: Named) => object,
  access: readonly Action[] = ['ingest'],
): KeyedRoute {
  return {
    ...{ method: 'POST', route, access, rows: rowsOf(rows) },
    call: (named) => ({ path: route, json: json(named) }),
  };
}
