import { messageIdOf, sessionIdOf, workspaceIdOf, type RawEvent } from '@opensync/contracts';
import type { LetterFacts } from '@opensync/event-log/dead-letters';
import { waitFor } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';

const ada = OWNERS.ada!;
const cid = OWNERS.cid!;
const ses = sessionIdOf(cid, 's1');
const msg = messageIdOf(ses, 'm1');
const ofCid = `workspace=${cid.workspaceId}&user=${cid.userId}`;
const ID = '0'.repeat(26);

let app: QueryApp;
beforeAll(async () => {
  app = await startQueryApp({ role: 'owner' });
});
afterEach(() => app.restore());
afterAll(() => app[Symbol.asyncDispose]());

/** What the API access log has of one request. */
async function traceOf(path: string, as = 'ada-operator') {
  app.logged.length = 0;
  const { status } = await app.request('GET', path, { as });
  await waitFor(() => app.logged.length > 0);
  expect(app.logged).toHaveLength(1);
  const { owner, entry } = app.logged[0]!;
  return { status, owner, route: entry.route, target: entry.target, text: JSON.stringify(entry) };
}

function anEvent(sequence: number): RawEvent {
  return {
    ...{ sequence, subject: `osk.events.${cid.workspaceId}.${cid.userId}.session`, header: () => undefined },
    body: () => '{"title":"private words"}',
  };
}

function aLetter(originalSubject: string): LetterFacts {
  return {
    ...{ sequence: 3, consumer: 'documents', kind: 'failed', reason: 'it fails', documentId: undefined, attempts: 5 },
    ...{ originalSequence: 7, originalSubject, time: 1_000, headers: {}, bytes: 6 },
  };
}

function withLetter(letter: LetterFacts): void {
  const deadLetters = { ...app.resources.operator.deadLetters, facts: async () => letter };
  app.replace({ operator: { ...app.resources.operator, deadLetters } });
}

describe('what operators read', () => {
  it.each([
    [`documents?${ofCid}`, { ...cid, kind: 'sessions' }],
    [`documents?${ofCid}&session=${ses}`, { ...cid, kind: 'messages', id: ses }],
    [`documents/${ses}?${ofCid}`, { ...cid, kind: 'session', id: ses }],
    [`documents/${msg}?${ofCid}`, { ...cid, kind: 'message', id: msg }],
    [`documents/${ses}`, { ...ada, kind: 'session', id: ses }],
    ['events/9', { ...cid, kind: 'event', id: '9' }],
    ['dead-letters', { kind: 'dead letters' }],
    ['dead-letters/3', { ...cid, kind: 'dead letter', id: '3' }],
    ['owners', { kind: 'members' }],
  ])('is named in the log of their requests: %s', async (path, target) => {
    app.replace({ events: { get: async (sequence) => anEvent(sequence) } });
    withLetter(aLetter(`osk.events.${cid.workspaceId}.${cid.userId}.session`));
    const trace = await traceOf(`/api/operator/${path}`);
    expect(trace).toMatchObject({ owner: ada, target });
    expect(trace.text).not.toMatch(/private words|\?|osk_/);
  });

  it('is named where a change of documents, or nothing of an owner, could not be processed', async () => {
    withLetter(aLetter(`osk.changes.${cid.workspaceId}.${cid.userId}`));
    expect((await traceOf('/api/operator/dead-letters/3')).target).toEqual({ ...cid, kind: 'dead letter', id: '3' });
    withLetter(aLetter('osk.other'));
    expect((await traceOf('/api/operator/dead-letters/3')).target).toEqual({ kind: 'dead letter', id: '3' });
  });

  it('is named even if it does not exist', async () => {
    const document = await traceOf(`/api/operator/documents/${ses}?${ofCid}`);
    expect(document).toMatchObject({ status: 404, target: { ...cid, kind: 'session', id: ses } });
    const event = await traceOf('/api/operator/events/8');
    expect(event).toMatchObject({ status: 404, target: { kind: 'event', id: '8' } });
    const letter = await traceOf('/api/operator/dead-letters/8');
    expect(letter).toMatchObject({ status: 404, target: { kind: 'dead letter', id: '8' } });
  });

  it.each([
    'documents?user=ada@example.com',
    `documents?workspace=${workspaceIdOf('default')}x`,
    'documents?session=a%20title',
    `documents/ses_${ID}?user=osk_a_pasted_key`,
    'documents/ses_a_title',
    `documents/msg_${ID}0`,
    'events/osk_a_pasted_key',
    'dead-letters/osk_a_pasted_key',
  ])('is asked for by ids alone, so nothing else gets into the log: %s', async (path) => {
    expect(await traceOf(`/api/operator/${path}`)).toMatchObject({ status: 400, target: undefined });
  });

  /** What they show of the installation names no data of an owner. */
  const ABOUT_THE_SERVER = ['status', 'processes', 'settings', 'generations', 'backups'];

  it('is named by every route but those about the server', async () => {
    const routes = app.routes().filter((route) => route.startsWith('GET /api/operator/'));
    const named = routes.filter((route) => !ABOUT_THE_SERVER.some((name) => route === `GET /api/operator/${name}`));
    expect(named.length).toBe(routes.length - ABOUT_THE_SERVER.length);
    for (const route of named) {
      const path = route.slice('GET '.length).replace('documents/:id', `documents/${ses}`).replace(/:\w+$/, '1');
      expect((await traceOf(path)).target?.kind).toEqual(expect.any(String));
    }
  });
});

describe('the log of requests', () => {
  it('names whose requests an admin reads, but not that members read their own', async () => {
    const { workspaceId } = ada;
    expect((await traceOf('/api/logs', 'ada-admin')).target).toEqual({ kind: 'requests', workspaceId });
    const ofBob = await traceOf(`/api/logs?user=${OWNERS.bob!.userId}`, 'ada-admin');
    expect(ofBob.target).toEqual({ ...OWNERS.bob!, kind: 'requests' });
    expect((await traceOf(`/api/logs?user=${ada.userId}`, 'ada-admin')).target).toBeUndefined();
    expect((await traceOf('/api/logs', 'ada-read')).target).toBeUndefined();
  });
});
