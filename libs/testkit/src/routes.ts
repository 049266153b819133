import type { Action } from '@opensync/contracts';

/** The parameters of a call: a session by either id, a write by its `Osk-Sequence`, words to search for. */
export interface Named {
  readonly session: string;
  readonly sequence: string;
  readonly words: string;
}

export interface KeyedRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As the router knows it. */
  readonly route: string;
  /** The caller must be allowed to do at least one of these. */
  readonly access: readonly Action[];
  /** A call that names these. */
  readonly call: (named: Named) => { readonly path: string; readonly json?: object };
}

/**
 * Every route that needs a key, for tests that apply to each of them. A test compares them with the all-in-one's own
 * routes: a new route must be added here, and is then tested with wrong keys, other scopes, other owners' ids and random requests.
 */
export const KEYED_ROUTES: readonly KeyedRoute[] = [
  write('/sync/session', ({ session }) => ({ externalId: session, title: 'Written by another' })),
  write('/sync/message', ({ session }) => ({ sessionExternalId: session, externalId: 'm', role: 'user' })),
  write('/sync/batch', ({ session }) => ({ sessions: [{ externalId: session }], messages: [] })),
  read('/sync/sessions/list', () => '/sync/sessions/list', ['ingest', 'read']),
  write(
    '/sync/metadata',
    ({ session }) => ({ sessions: [session], messages: [{ sessionExternalId: session, externalId: 'm' }] }),
    ['ingest', 'read'],
  ),
  read('/api/sessions'),
  read('/api/sessions/:id', ({ session }) => `/api/sessions/${encodeURIComponent(session)}`),
  {
    method: 'DELETE',
    route: '/api/sessions/:id',
    access: ['delete'],
    call: ({ session }) => ({ path: `/api/sessions/${encodeURIComponent(session)}` }),
  },
  {
    method: 'PATCH',
    route: '/api/sessions/:id',
    access: ['curate'],
    call: ({ session }) => ({
      path: `/api/sessions/${encodeURIComponent(session)}`,
      json: { title: 'Renamed by another', evalStatus: 'golden' },
    }),
  },
  {
    method: 'POST',
    route: '/api/sessions/:id/restore',
    access: ['delete'],
    call: ({ session }) => ({ path: `/api/sessions/${encodeURIComponent(session)}/restore` }),
  },
  write('/api/sessions/bulk', ({ session }) => ({ command: 'tag', ids: [session], add: ['of-another'] }), ['curate']),
  read('/api/review'),
  read('/api/sessions/get', ({ session }) => `/api/sessions/get?id=${encodeURIComponent(session)}`),
  read('/api/sessions/:id/outline', ({ session }) => `/api/sessions/${encodeURIComponent(session)}/outline`),
  read(
    '/api/sessions/:id/search',
    ({ session, words }) => `/api/sessions/${encodeURIComponent(session)}/search?q=${encodeURIComponent(words)}`,
  ),
  read(
    '/api/sessions/:id/messages/:messageId/content',
    ({ session }) => `/api/sessions/${encodeURIComponent(session)}/messages/msg_none/content`,
  ),
  read(
    '/api/sessions/:id/media/:sha256',
    ({ session }) => `/api/sessions/${encodeURIComponent(session)}/media/${'0'.repeat(64)}`,
  ),
  write('/search', ({ words }) => ({ query: words }), ['read']),
  read('/api/search', ({ words }) => `/api/search?q=${encodeURIComponent(words)}`),
  // As JSON: the text begins with the query.
  write('/api/context', ({ words }) => ({ query: words, format: 'json' }), ['read']),
  read('/api/context', ({ words }) => `/api/context?format=json&q=${encodeURIComponent(words)}`),
  write('/mcp', ({ words }) => mcpCall('search_sessions', { query: words }), ['read']),
  write('/api/audit', ({ session }) => ({ sessions: [{ externalId: session, messageCount: 1, lastMessageId: 'm' }] }), [
    'ingest',
    'read',
  ]),
  read('/api/export', ({ session }) => `/api/export?id=${encodeURIComponent(session)}`),
  read('/api/export/evals', ({ session }) => `/api/export/evals?format=deepeval&id=${encodeURIComponent(session)}`),
  read('/api/stats', () => '/api/stats', ['figures']),
  read('/api/analytics', () => '/api/analytics?groupBy=model', ['figures']),
  read('/api/wrapped', () => '/api/wrapped?of=workspace', ['figures']),
  read('/api/wrapped/:date', () => '/api/wrapped/2026', ['figures']),
  read('/api/logs', () => '/api/logs', ['logs']),
  read('/docs/search', ({ words }) => `/docs/search?q=${encodeURIComponent(words)}`, ['read', 'figures', 'ingest']),
  read('/api/receipts/:sequence', ({ sequence }) => `/api/receipts/${sequence}`),
];

/** A call of a tool, as clients of the revision 2025-11-25 send it. */
function mcpCall(name: string, args: object): object {
  return { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } };
}

/** Public routes. */
export const PUBLIC_ROUTES: readonly string[] = [
  'GET /',
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
];

function read(
  route: string,
  path: (named: Named) => string = () => route,
  access: readonly Action[] = ['read'],
): KeyedRoute {
  return { method: 'GET', route, access, call: (named) => ({ path: path(named) }) };
}

function write(route: string, json: (named: Named) => object, access: readonly Action[] = ['ingest']): KeyedRoute {
  return { method: 'POST', route, access, call: (named) => ({ path: route, json: json(named) }) };
}
