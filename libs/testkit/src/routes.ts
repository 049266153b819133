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
  KEYS,
  MANAGED,
  MEMBERS,
  NAMED,
  OPERATES,
  NO_MEMBER,
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
  read('/api/usage', ABOUT_THE_CALLER, () => '/api/usage', ['account']),
  read('/api/projections', ABOUT_THE_CALLER, () => '/api/projections', ['account']),
  ...['status', 'processes', 'settings', 'generations', 'backups', 'owners', 'documents', 'dead-letters'].map((name) =>
    operate(`/api/operator/${name}`),
  ),
  operate('/api/operator/documents/:id', ({ session }) => `/api/operator/documents/${encodeURIComponent(session)}`, {
    ...OPERATES,
    sessions: { own: 'yes', trash: 'yes', shared: 404, private: 404, elsewhere: 404 },
  }),
  operate('/api/operator/events/:sequence', () => '/api/operator/events/1'),
  operate('/api/operator/dead-letters/:id', () => '/api/operator/dead-letters/999999', {
    ...OPERATES,
    sessions: { own: 404 },
  }),
  write('/api/operator/dead-letters/replay', OPERATES, () => ({ ids: [999999] }), ['operate']),
  write('/api/operator/dead-letters/drop', OPERATES, () => ({ ids: [999999] }), ['operate']),
  // With a key there is no login to end.
  write('/auth/login/key', ABOUT_THE_CALLER, () => ({}), ['account']),
  read('/auth/session', ABOUT_THE_CALLER, () => '/auth/session', ['account']),
  read('/auth/logins', KEYS, () => '/auth/logins', ['keys']),
  {
    ...{ method: 'DELETE', route: '/auth/logins/:id', access: ['keys'] },
    rows: [{ ...KEYS, sessions: { own: 404 } }],
    call: () => ({ path: '/auth/logins/lgn_none' }),
  },
  write('/auth/logout', ABOUT_THE_CALLER, () => ({}), ['account']),
  read('/api/keys', ABOUT_THE_CALLER, () => '/api/keys', ['account']),
  write('/api/keys', KEYS, () => ({ name: 'of the matrix', scopes: ['read'] }), ['keys']),
  {
    ...{ method: 'POST', route: '/api/keys/:id/rotate', access: ['keys'], rows: [{ ...KEYS, sessions: { own: 404 } }] },
    call: () => ({ path: '/api/keys/key_none/rotate', json: {} }),
  },
  {
    ...{ method: 'DELETE', route: '/api/keys/:id', access: ['keys'], rows: [{ ...KEYS, sessions: { own: 404 } }] },
    call: () => ({ path: '/api/keys/key_none' }),
  },
  {
    ...{ method: 'DELETE', route: '/api/me', access: ['eraseMe'] },
    rows: [{ ...KEYS, does: 'without their id', sessions: { own: 400 } }],
    call: () => ({ path: '/api/me', json: { confirm: 'nobody' } }),
  },
  read('/api/members', MEMBERS, () => '/api/members', ['members']),
  {
    ...{ method: 'PATCH', route: '/api/members/:id', access: ['manageMembers'], rows: [NO_MEMBER] },
    call: () => ({ path: '/api/members/usr_none', json: { role: 'viewer' } }),
  },
  {
    ...{ method: 'DELETE', route: '/api/members/:id', access: ['manageMembers'], rows: [NO_MEMBER] },
    call: () => ({ path: '/api/members/usr_none' }),
  },
  read('/api/invitations', MANAGED, () => '/api/invitations', ['manageMembers']),
  write('/api/invitations', MANAGED, () => ({ role: 'viewer' }), ['manageMembers']),
  {
    ...{ method: 'DELETE', route: '/api/invitations/:id', access: ['manageMembers'], rows: [NO_MEMBER] },
    call: () => ({ path: '/api/invitations/inv_none' }),
  },
  write('/auth/invitation/join', { ...KEYS, sessions: { own: 403 } }, () => ({ token: 'none' }), ['keys']),
  write('/auth/connect', { ...KEYS, sessions: { own: 403 } }, () => ({ provider: 'oidc' }), ['keys']),
  read('/docs/search', ABOUT_NO_SESSION, ({ words }) => `/docs/search?q=${encodeURIComponent(words)}`, [
    'read',
    'figures',
    'ingest',
  ]),
  operate('/api/jobs'),
  ...['run', 'pause', 'resume'].map((command) => ({
    ...write(`/api/jobs/:name/${command}`, OPERATES, () => ({}), ['operate']),
    call: () => ({ path: `/api/jobs/docs/${command}` }),
  })),
  read('/api/receipts/:sequence', RECEIPT, ({ sequence }) => `/api/receipts/${sequence}`),
];

/** Public routes. */
export const PUBLIC_ROUTES: readonly string[] = [
  'GET /',
  'GET /api/erasures/:id',
  'GET /app',
  'GET /app/:page',
  'GET /app/:page/:id',
  'GET /app/:page/:id/:part',
  'GET /auth/callback/:provider',
  'GET /auth/login',
  'GET /auth/login.js',
  'GET /auth/providers',
  'GET /docs',
  'GET /docs/:page',
  'GET /docs/adr/:page',
  'GET /docs/api',
  'GET /docs/runbooks/:page',
  'GET /health',
  'GET /livez',
  'GET /llms.txt',
  'GET /metrics',
  'GET /openapi.json',
  'GET /public/:slug',
  'GET /readyz',
  'GET /s/:slug',
  'POST /auth/invitation',
  'POST /auth/login/invitation',
  'POST /auth/login/link',
  'POST /auth/login/provider',
  'POST /auth/workos/webhook',
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

function operate(route: string, path: (named: Named) => string = () => route, row: AccessRow = OPERATES): KeyedRoute {
  return read(route, row, path, ['operate']);
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
