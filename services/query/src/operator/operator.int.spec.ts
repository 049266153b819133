import { messageIdOf, sessionIdOf, type RawEvent } from '@opensync/contracts';
import type { LetterFacts } from '@opensync/event-log/dead-letters';
import { StoreUnavailableError } from '@opensync/stores';
import { aMessageSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';
import { MOST_LETTERS } from './operator-requests.ts';

const bob = OWNERS.bob!;
const cid = OWNERS.cid!;
const ses = sessionIdOf(cid, 's1');
const ofCid = `workspace=${cid.workspaceId}&user=${cid.userId}`;

let app: QueryApp;

beforeAll(async () => {
  app = await startQueryApp({ role: 'owner' });
  await storeEvents({ documents: app.resources.documents }, cid, [
    aSessionSynced({ externalId: 's1', title: 'Fix the login', model: 'm' }, { owner: cid }),
    aSessionSynced({ externalId: 's1', title: 'Fix the login page' }, { owner: cid }),
    aMessageSynced({ sessionExternalId: 's1', externalId: 'm1', textContent: 'x'.repeat(5_000) }, { owner: cid }),
    aMessageSynced({ sessionExternalId: 's1', externalId: 'm2', textContent: 'words' }, { owner: cid }),
  ]);
});
afterEach(() => app.restore());
afterAll(() => app[Symbol.asyncDispose]());

const get = (path: string, as = 'ada-operator') => app.request('GET', path, { as });
const post = (path: string, body: unknown, as = 'ada-operator') => app.request('POST', path, { as, body });

/** An operator with these parts of the installation. */
function replace(parts: Partial<QueryApp['resources']['operator']>): void {
  app.replace({ operator: { ...app.resources.operator, ...parts } });
}

function aLetter(sequence: number, fields: Partial<LetterFacts> = {}): LetterFacts {
  return {
    ...{ sequence, consumer: 'documents', kind: 'failed', reason: 'it fails', documentId: undefined, attempts: 5 },
    ...{ originalSequence: 7, originalSubject: `osk.events.${bob.workspaceId}.${bob.userId}.session`, time: 1_000 },
    ...{ headers: { 'ce-type': 'a type' }, bytes: 6, ...fields },
  };
}

describe('the operator', () => {
  it.each(['ada-admin', 'ada-read', 'ada-ingest'])('is nobody with only the key %s', async (as) => {
    const paths = ['status', 'processes', 'settings', 'generations', 'backups', 'owners', 'documents', 'dead-letters'];
    for (const path of [...paths, 'events/1']) {
      expect((await get(`/api/operator/${path}`, as)).status).toBe(403);
    }
    expect((await post('/api/operator/dead-letters/drop', { ids: [1] }, as)).status).toBe(403);
  });

  it('sees the log, the consumers and the stores', async () => {
    replace({
      consumers: async () => [
        { name: 'search', pending: 3, inFlight: 1, redelivered: 0, lagMs: 9_000, delivered: 12, problem: 'waiting: x' },
      ],
      stores: async () => [
        {
          kind: 'documents',
          engine: 'SQLite',
          location: '/data',
          counts: { sessions: 1 },
          position: undefined,
          reach: 4,
        },
        { kind: 'search', problem: 'no answer' },
      ],
    });
    const { status, body } = await get('/api/operator/status');
    expect(status).toBe(200);
    expect(body).toMatchObject({ log: { events: 3, deadLetters: 1 }, consumers: [{ name: 'search', lagMs: 9_000 }] });
    expect(body.stores[1]).toEqual({ kind: 'search', problem: 'no answer' });
  });

  it('sees the settings of each process apart from what it has counted', async () => {
    const setting = { name: 'PORT', value: '3211', isSecret: false, origin: 'default' } as const;
    const facts = {
      ...{ id: 'run-1', service: 'query', host: 'pod-1', version: '0.1.0', node: '24.0.0', startedAt: 5, at: 9 },
    };
    const totals = [{ name: 'opensync_fold_conflicts_total', labels: {}, value: 2 }];
    const memory = { rss: 10, heapUsed: 5 };
    replace({ processes: async () => [{ ...facts, memory, totals, settings: [setting] }] });
    expect((await get('/api/operator/processes')).body.processes).toEqual([{ ...facts, memory, totals }]);
    const { body } = await get('/api/operator/settings');
    expect(body.processes).toEqual([{ id: 'run-1', service: 'query', host: 'pod-1', settings: [setting] }]);
    expect(body.documentation.PORT).toMatch(/^Port of the HTTP API/);
  });

  it('sees the generations of each store', async () => {
    replace({
      generations: async () => ({
        documents: { live: 2, kept: [1], rebuild: { generation: 3, position: 1, run: 'r' } },
      }),
    });
    const { status, body } = await get('/api/operator/generations');
    expect(status).toBe(200);
    expect(body.stores.map(({ store }: { store: string }) => store)).toEqual(['documents', 'search', 'vectors']);
    expect(body.stores[0]).toMatchObject({ live: 2, kept: [1], next: { generation: 3, done: 1 / 3 } });
    expect((await get('/api/operator/generations?store=x')).status).toBe(400);
  });

  it('sees backups and what rehearsals found, also those that an earlier version recorded', async () => {
    const backup = { at: 5, place: '/mnt/backups', to: 2 };
    const proof = { at: 6, place: '/mnt/backups', to: 2, sessions: 9, digest: 'd' };
    const failed = { ...proof, at: 7, digest: undefined, problem: 'a part is missing' };
    replace({ backups: async () => ({ backup, rehearsal: failed, proof, backups: [], rehearsals: [] }) });
    const { status, body } = await get('/api/operator/backups');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      lastSequence: 3,
      backups: [{ ...backup, file: null, bytes: null, sha256: null }],
      rehearsals: [{ at: 7, digest: null, problem: 'a part is missing' }],
      proof: { at: 6, problem: null },
    });
    const file = { ...backup, file: 'a.jsonl.gz', bytes: 10, events: 2, sha256: 's', lost: 0 };
    replace({ backups: async () => ({ backup: file, backups: [file, backup], rehearsals: [] }) });
    expect((await get('/api/operator/backups')).body).toMatchObject({ backups: [file, { file: null }], proof: null });
    expect((await get('/api/operator/backups?place=x')).status).toBe(400);
  });

  it('sees whose documents there are', async () => {
    const known = { ...cid, workspace: 'another', email: 'cid@example.com', role: 'owner' } as const;
    const unknown = { ...bob, workspace: undefined, email: undefined, role: 'viewer' } as const;
    replace({ owners: () => [known, unknown] });
    expect((await get('/api/operator/owners')).body).toEqual({
      owners: [known, { ...bob, workspace: null, email: null, role: 'viewer' }],
      omitted: 0,
    });
  });
});

describe('GET /api/projections', () => {
  const stateOf = async (consumers: { name: string; lagMs: number; problem?: string; secondsLeft?: number }[]) => {
    replace({
      consumers: async () =>
        consumers.map((one) => ({ pending: 0, inFlight: 0, redelivered: 0, delivered: 0, ...one })),
      generations: async () => ({
        search: { live: 1, kept: [], rebuild: { generation: 2, position: null, run: 'r' } },
      }),
    });
    app.replace({ now: () => 100_000 });
    return (await get('/api/projections', 'ada')).body;
  };

  it('says to everybody how far each projection is, and no amounts', async () => {
    const body = await stateOf([
      { name: 'documents', lagMs: 0 },
      { name: 'search', lagMs: 5_000 },
      { name: 'vectors', lagMs: 0, problem: 'its index is missing older documents; a projector is adding them' },
    ]);
    expect(body).toEqual({
      at: 100_000,
      projections: [
        { name: 'documents', asOf: 100_000, lagMs: 0, state: 'current', isRebuilding: false },
        { name: 'search', asOf: 95_000, lagMs: 5_000, state: 'behind', isRebuilding: true },
        { name: 'vectors', asOf: 100_000, lagMs: 0, state: 'partial', isRebuilding: false },
      ],
    });
  });

  it('says how long a backlog takes, if that is known', async () => {
    const { projections } = await stateOf([
      { name: 'documents', lagMs: 0 },
      { name: 'search', lagMs: 9_000 },
      { name: 'vectors', lagMs: 9_000, secondsLeft: 754 },
    ]);
    expect(projections.map(({ secondsLeft }: { secondsLeft?: number }) => secondsLeft)).toEqual([
      undefined,
      undefined,
      754,
    ]);
  });

  it('never shows an index ahead of the documents that it follows', async () => {
    const { projections } = await stateOf([
      { name: 'documents', lagMs: 60_000, problem: 'waiting: the store does not answer' },
      { name: 'search', lagMs: 0 },
    ]);
    expect(projections.map(({ lagMs, state }: { lagMs: number; state: string }) => [lagMs, state])).toEqual([
      [60_000, 'stopped'],
      [60_000, 'behind'],
      [60_000, 'behind'],
    ]);
  });
});

describe('documents', () => {
  const event = (sequence: number): RawEvent => ({
    ...{ sequence, subject: `osk.events.${cid.workspaceId}.${cid.userId}.session` },
    header: (name) => ({ 'ce-type': 'dev.opensync.session.synced.v1', 'ce-id': `event-${sequence}` })[name],
    body: () => JSON.stringify({ title: 'é'.repeat(300_000) }),
  });

  it('of any owner are listed, sessions and the messages of one, in pages', async () => {
    const sessions = await get(`/api/operator/documents?${ofCid}`);
    expect(sessions.body.documents).toMatchObject([{ id: ses, kind: 'session', title: 'Fix the login page' }]);
    expect((await get('/api/operator/documents')).body).toEqual({ documents: [], cursor: null });
    const first = await get(`/api/operator/documents?${ofCid}&session=${ses}&limit=1`);
    const second = await get(`/api/operator/documents?${ofCid}&session=${ses}&limit=1&cursor=${first.body.cursor}`);
    expect([first, second].map(({ body }) => body.documents[0].id)).toEqual(
      ['m1', 'm2'].map((externalId) => messageIdOf(ses, externalId)),
    );
    expect(second.body.cursor).toBeNull();
    for (const query of [`session=${ses}&cursor=x`, 'cursor=x', 'limit=0', 'q=x']) {
      expect((await get(`/api/operator/documents?${ofCid}&${query}`)).status).toBe(400);
    }
  });

  it('name the event that set each of their values', async () => {
    app.replace({ events: { get: async (sequence) => (sequence === 1 ? undefined : event(sequence)) } });
    const { status, body } = await get(`/api/operator/documents/${ses}?${ofCid}`);
    expect(status).toBe(200);
    const registers = new Map(body.document.registers.map((one: { field: string }) => [one.field, one]));
    expect(registers.get('title')).toEqual({ field: 'title', value: '"Fix the login page"', sequence: 2, rank: null });
    expect(registers.get('model')).toMatchObject({ value: '"m"', sequence: 1 });
    expect(body.events[0]).toEqual({ sequence: 1, isMissing: true });
    expect(body.events[1]).toMatchObject({ sequence: 2, id: 'event-2', owner: cid, isCut: true });
    // As all of what leaves, events in brief are bounded in bytes.
    expect(body.events[1].body.length).toBeLessThan(2_100);
    expect({ search: body.search, vectors: body.vectors }).toEqual({ search: { row: null }, vectors: { row: null } });
  });

  it('cut long values, and say why an index says nothing', async () => {
    const { search } = app.resources;
    const indexed = () => Promise.reject(new StoreUnavailableError('search'));
    app.replace({ search: Object.assign(Object.create(search), { indexed }) });
    const { body } = await get(`/api/operator/documents/${messageIdOf(ses, 'm1')}?${ofCid}`);
    const { value } = body.document.registers.find(({ field }: { field: string }) => field === 'text');
    expect(value.length).toBeLessThan(2_100);
    expect(body.search).toEqual({ problem: 'the search store does not answer' });
  });

  it('are not found under another owner, nor with something else as an id', async () => {
    expect((await get(`/api/operator/documents/${ses}`)).status).toBe(404);
    expect((await get(`/api/operator/documents/usr_1?${ofCid}`)).status).toBe(400);
  });

  it('lead to whole events', async () => {
    app.replace({ events: { get: async (sequence) => (sequence === 9 ? event(9) : undefined) } });
    const { body } = await get('/api/operator/events/9');
    expect(body).toMatchObject({ sequence: 9, bytes: 600_012, isCut: true });
    expect(Buffer.byteLength(body.body)).toBeLessThanOrEqual(256 * 1024);
    expect(body.body.endsWith('é')).toBe(true);
    expect((await get('/api/operator/events/8')).status).toBe(404);
    for (const sequence of ['0', '-1', '1.5', 'x']) {
      expect((await get(`/api/operator/events/${sequence}`)).status).toBe(400);
    }
  });
});

describe('dead letters', () => {
  it('are listed in pages, without their bodies', async () => {
    const asked: unknown[] = [];
    const letters = [aLetter(3), aLetter(4, { documentId: 'msg_1' }), aLetter(9)];
    const list = async (query: object) => {
      asked.push(query);
      return letters;
    };
    replace({ deadLetters: { ...app.resources.operator.deadLetters, list } });
    const { body } = await get('/api/operator/dead-letters?limit=2&consumer=documents');
    expect(body.deadLetters).toMatchObject([
      { id: 3, documentId: null },
      { id: 4, documentId: 'msg_1' },
    ]);
    expect(JSON.stringify(body)).not.toContain('ce-type');
    await get(`/api/operator/dead-letters?cursor=${body.cursor}`);
    expect(asked).toEqual([
      { consumer: 'documents', after: 0, limit: 3 },
      { after: 4, limit: 51 },
    ]);
  });

  it.each([
    ['text', Buffer.from('poison'), { body: 'poison' }],
    ['bytes', Buffer.from([0xff, 0x00]), { base64: '/wA=' }],
  ])('are shown with their body: %s', async (_name, body, shown) => {
    const facts = async () => aLetter(3);
    const deadLetters = { ...app.resources.operator.deadLetters, facts, get: async () => ({ ...aLetter(3), body }) };
    replace({ deadLetters });
    const { status, body: answer } = await get('/api/operator/dead-letters/3');
    expect(status).toBe(200);
    expect(answer).toMatchObject({ id: 3, headers: { 'ce-type': 'a type' }, isCut: false, ...shown });
  });

  it('that do not exist are not found', async () => {
    expect((await get('/api/operator/dead-letters/3')).status).toBe(404);
    expect((await get('/api/operator/dead-letters/x')).status).toBe(400);
  });

  it('are replayed until no projector answers, or the time is up', async () => {
    let now = 0;
    app.replace({ now: () => now });
    const deadLetters = {
      ...app.resources.operator.deadLetters,
      facts: async (id: number) => (id === 2 ? undefined : aLetter(id)),
    };
    replace({
      deadLetters,
      replay: async ({ sequence }) => {
        now += 15_000;
        return sequence === 1
          ? { kind: 'processed' }
          : { kind: 'failed', reason: 'it fails', sequence: 20, attempts: 6 };
      },
    });
    const { body } = await post('/api/operator/dead-letters/replay', { ids: [1, 2, 3, 4] });
    expect(body.results).toEqual([
      { id: 1, kind: 'processed' },
      { id: 2, kind: 'missing' },
      { id: 3, kind: 'failed', reason: 'it fails', sequence: 20, attempts: 6 },
      { id: 4, kind: 'later' },
    ]);
    replace({ deadLetters, replay: async () => ({ kind: 'unavailable', reason: 'no projector answers' }) });
    const away = await post('/api/operator/dead-letters/replay', { ids: [3, 4] });
    expect(away.body.results.map(({ kind }: { kind: string }) => kind)).toEqual(['unavailable', 'later']);
  });

  it('are dropped, and the log of the process says by whom', async () => {
    const lines: unknown[] = [];
    const logger = Object.assign(Object.create(app.resources.logger), {
      warn: (...line: unknown[]) => lines.push(line),
    });
    app.replace({ logger });
    replace({ deadLetters: { ...app.resources.operator.deadLetters, drop: async (id: number) => id === 1 } });
    const { body } = await post('/api/operator/dead-letters/drop', { ids: [1, 2] });
    expect(body).toEqual({ dropped: [1], missing: [2] });
    expect(lines).toEqual([
      [
        { operation: 'dead letters dropped', ...OWNERS.ada!, keyId: 'key_ada', ids: [1, 2] },
        'operator: dead letters dropped',
      ],
    ]);
  });

  it.each([
    {},
    { ids: [] },
    { ids: ['1'] },
    { ids: [0] },
    { ids: Array(MOST_LETTERS + 1).fill(1) },
    { ids: [1], all: true },
  ])('are neither replayed nor dropped for %j', async (body) => {
    for (const command of ['replay', 'drop']) {
      expect((await post(`/api/operator/dead-letters/${command}`, body)).status).toBe(400);
    }
  });
});
