import {
  CHANGED,
  DELETED,
  EVERY_ROLE,
  FIGURES,
  FOUND,
  JUDGED,
  OWN,
  READERS,
  type AccessRow,
  type AccessRows,
  type Call,
  type Named,
} from './rows.ts';

/** The routes whose calls are allowed to different callers, depending on what they ask for. */

const patch =
  (json: object) =>
  ({ session }: Named): Call => ({ path: `/api/sessions/${encodeURIComponent(session)}`, json });

export const PATCH_ROWS: AccessRows = [
  { ...CHANGED, does: 'rename', call: patch({ title: 'Renamed' }) },
  { ...CHANGED, does: 'share', call: patch({ visibility: 'workspace' }) },
  { ...CHANGED, does: 'publish', call: patch({ isPublic: true }) },
  { ...JUDGED, does: 'revoke the public link', call: patch({ isPublic: false }) },
  { ...JUDGED, does: 'judge', call: patch({ evalStatus: 'golden', evalTags: ['judged'] }) },
  { ...CHANGED, does: 'judge and rename', call: patch({ evalStatus: 'golden', title: 'Renamed' }) },
];

export const DELETE_ROWS: AccessRows = [
  { ...DELETED, does: 'into the trash' },
  {
    ...{ ...DELETED, does: 'for good' },
    call: ({ session }) => ({ path: `/api/sessions/${encodeURIComponent(session)}?permanent=true` }),
  },
];

const bulk =
  (command: object) =>
  ({ session }: Named): Call => ({ path: '/api/sessions/bulk', json: { ids: [session], ...command } });

export const BULK_ROWS: AccessRows = [
  { ...JUDGED, does: 'judge', call: bulk({ command: 'set', set: { evalReady: true } }) },
  { ...CHANGED, does: 'rename', call: bulk({ command: 'set', set: { title: 'Renamed' } }) },
  { ...JUDGED, does: 'tag', call: bulk({ command: 'tag', add: ['tagged'] }) },
  { ...DELETED, does: 'delete', call: bulk({ command: 'delete' }) },
  { ...DELETED, does: 'restore', call: bulk({ command: 'restore' }) },
];

const thisYear = (query: string) => (): Call => ({ path: `/api/wrapped/${new Date().getUTCFullYear()}${query}` });

export const WRAPPED_ROWS: AccessRows = [
  { ...FIGURES, sessions: { ...FIGURES.sessions, shared: 'nothing' }, does: 'of oneself', call: thisYear('?of=me') },
  // Sessions that are not shared are counted for nobody else.
  {
    ...{ ...FIGURES, does: 'of the workspace', call: thisYear('?of=workspace') },
    sessions: { ...FIGURES.sessions, own: 'nothing' },
  },
  {
    ...{ ...FIGURES, does: 'as a picture', sessions: { own: 'yes' }, shownBy: 'status' },
    call: () => ({ path: `/api/wrapped/${new Date().getUTCFullYear()}.png?size=1200x630` }),
  },
];

/** Numbers alone: `WRAPPED_ROWS` show of whom. */
export const WRAPPED_DAYS: AccessRow = { ...FIGURES, sessions: { own: 'yes' }, shownBy: 'status' };

/** A call of a tool, as clients of the revision 2025-11-25 send it. */
export function mcpCall(name: string, args: object): object {
  return { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } };
}

const tool =
  (name: string, args: (named: Named) => object) =>
  (named: Named): Call => ({ path: '/mcp', json: mcpCall(name, args(named)) });

export const MCP_ROWS: AccessRows = [
  { ...FOUND, does: 'search_sessions', call: tool('search_sessions', ({ words }) => ({ query: words })) },
  { ...FOUND, does: 'list_sessions', call: tool('list_sessions', () => ({ limit: 50 })) },
  // An error of a tool is part of its answer.
  { ...FOUND, does: 'read_session', call: tool('read_session', ({ session }) => ({ sessionId: session })) },
  { ...FOUND, does: 'get_context', call: tool('get_context', ({ words }) => ({ query: words })) },
  { ...FIGURES, roles: READERS, does: 'get_usage', call: tool('get_usage', () => ({})) },
];

// A session in the trash must not be sent again.
export const AUDIT_ROWS: AccessRows = [
  { ...OWN[0], sessions: { ...OWN[0].sessions, trash: 'yes' } },
  { ...OWN[0], scope: 'read', roles: READERS, sessions: { ...OWN[0].sessions, trash: 'yes' } },
];

/** Whose requests are listed, instead of whose session: all have sent some to this route. */
const logs = (): Call => ({ path: `/api/logs?limit=200&endpoint=${encodeURIComponent('/sync/batch')}` });

export const LOG_ROWS: AccessRows = [
  {
    ...{ does: 'with the scope read', scope: 'read', roles: EVERY_ROLE, shownBy: 'owner', call: logs },
    sessions: { own: 'yes', private: 'nothing', elsewhere: 'nothing' },
  },
  {
    ...{ does: 'with the scope admin', scope: 'admin', refused: [], roles: EVERY_ROLE, shownBy: 'owner', call: logs },
    sessions: { own: 'yes', private: 'nothing', elsewhere: 'nothing' },
    forAdmins: { private: 'yes' },
  },
];
