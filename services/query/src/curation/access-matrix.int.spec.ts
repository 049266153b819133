import { randomUUID } from 'node:crypto';
import { ROLES, sessionIdOf, type Role } from '@opensync/contracts';
import { aSessionCurated, aSessionSynced } from '@opensync/testkit';
import { curationLog } from '../testing/curation-log.ts';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

/** Whose session a call names, seen by Ada: its owner, and what people said about it. */
const SESSIONS = {
  own: { owner: OWNERS.ada!, said: undefined },
  'own, in the trash': { owner: OWNERS.ada!, said: { trashedAt: Date.now() } },
  shared: { owner: OWNERS.bob!, said: { visibility: 'workspace' as const } },
  'another member’s': { owner: OWNERS.bob!, said: undefined },
  'another workspace’s': { owner: OWNERS.cid!, said: { visibility: 'workspace' as const } },
};
type Which = keyof typeof SESSIONS;
const WHICH = Object.keys(SESSIONS) as Which[];

interface Row {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: (id: string) => string;
  readonly body?: (id: string) => object;
  /** The roles that may call it with a key of the scope; others get 403. */
  readonly roles: readonly Role[];
  readonly scope: 'read' | 'admin';
  /** The status for each session, for those roles; `others` for the ones that are not listed. */
  readonly status: Partial<Record<Which, number>> & { readonly others: number };
  /** Different for admins and owners of the workspace. */
  readonly forAdmins?: Partial<Record<Which, number>>;
  /** The status of the item in a bulk answer. */
  readonly inResults?: true;
}

const WRITERS: readonly Role[] = ['owner', 'admin', 'member'];
const READERS: readonly Role[] = ['owner', 'admin', 'member', 'viewer'];
const bulk = (more: object): Pick<Row, 'method' | 'path' | 'body' | 'inResults'> => ({
  method: 'POST',
  path: () => '/api/sessions/bulk',
  body: (id) => ({ ids: [id], ...more }),
  inResults: true,
});
const patch = (body: object): Pick<Row, 'method' | 'path' | 'body'> => ({
  method: 'PATCH',
  path: (id) => `/api/sessions/${id}`,
  body: () => body,
});

/** Route × whose session it is. Every route that names a session belongs here. */
const MATRIX: Readonly<Record<string, Row>> = {
  read: {
    method: 'GET',
    path: (id) => `/api/sessions/${id}`,
    ...{ roles: READERS, scope: 'read', status: { own: 200, shared: 200, others: 404 } },
  },
  'read, in the form of the original': {
    method: 'GET',
    path: (id) => `/api/sessions/get?id=${id}`,
    ...{ roles: READERS, scope: 'read', status: { own: 200, shared: 200, others: 404 } },
  },
  rename: {
    ...patch({ title: 'x' }),
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, shared: 403, others: 404 } },
  },
  share: {
    ...patch({ visibility: 'workspace' }),
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, shared: 403, others: 404 } },
  },
  publish: {
    ...patch({ isPublic: true }),
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, shared: 403, others: 404 } },
  },
  'revoke the public link': {
    ...patch({ isPublic: false }),
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, shared: 403, others: 404 }, forAdmins: { shared: 200 } },
  },
  judge: {
    ...patch({ evalStatus: 'golden', evalTags: ['a'] }),
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, shared: 403, others: 404 }, forAdmins: { shared: 200 } },
  },
  'judge and rename': {
    ...patch({ evalStatus: 'golden', title: 'x' }),
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, shared: 403, others: 404 } },
  },
  delete: {
    method: 'DELETE',
    path: (id) => `/api/sessions/${id}`,
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, 'own, in the trash': 200, shared: 403, others: 404 } },
  },
  'delete for good': {
    method: 'DELETE',
    path: (id) => `/api/sessions/${id}?permanent=true`,
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, 'own, in the trash': 200, shared: 403, others: 404 } },
  },
  restore: {
    method: 'POST',
    path: (id) => `/api/sessions/${id}/restore`,
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, 'own, in the trash': 200, shared: 403, others: 404 } },
  },
  'judge several': {
    ...bulk({ command: 'set', set: { evalReady: true } }),
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, shared: 403, others: 404 }, forAdmins: { shared: 200 } },
  },
  'tag several': {
    ...bulk({ command: 'tag', add: ['a'] }),
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, shared: 403, others: 404 }, forAdmins: { shared: 200 } },
  },
  'delete several': {
    ...bulk({ command: 'delete' }),
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, 'own, in the trash': 200, shared: 403, others: 404 } },
  },
  'restore several': {
    ...bulk({ command: 'restore' }),
    ...{ roles: WRITERS, scope: 'admin', status: { own: 200, 'own, in the trash': 200, shared: 403, others: 404 } },
  },
};

describe.each(ROLES)('a member with the role %s', (role) => {
  let app: QueryApp;
  let events: () => number;
  beforeAll(async () => {
    app = await startQueryApp({ role });
    const log = curationLog(app.resources, app.payloads);
    events = () => log.stored.length;
    app.replace(log);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  /** A session that no other call has changed. */
  const idOf = async (which: Which): Promise<string> => {
    const { owner, said } = SESSIONS[which];
    const externalId = randomUUID();
    await storeEvents(app.resources, owner, [
      aSessionSynced({ externalId }, { owner }),
      ...(said ? [aSessionCurated({ externalId, ...said }, { owner })] : []),
    ]);
    return sessionIdOf(owner, externalId);
  };
  const call = async ({ method, path, body, inResults }: Row, id: string, as: string): Promise<number> => {
    const answer = await app.request(method, path(id), { as, ...(body && { body: body(id) }) });
    const [result] = inResults && answer.status < 300 ? answer.body.results : [];
    return result?.status ?? answer.status;
  };

  it.each(Object.entries(MATRIX))('may %s what the table says', async (_, row) => {
    const isAdmin = role === 'owner' || role === 'admin';
    for (const which of WHICH) {
      const id = await idOf(which);
      const allowed = (isAdmin ? row.forAdmins?.[which] : undefined) ?? row.status[which] ?? row.status.others;
      const expected = row.roles.includes(role) ? allowed : 403;
      const before = events();
      // The key of a plugin may only read.
      for (const as of row.scope === 'admin' ? ['ada', 'ada-ingest'] : []) {
        expect([as, which, await call(row, id, as)]).toEqual([as, which, 403]);
      }
      expect(events()).toBe(before);
      expect([which, await call(row, id, row.scope === 'admin' ? 'ada-admin' : 'ada')]).toEqual([which, expected]);
      if (expected !== 200) expect(events()).toBe(before);
    }
  });
});
