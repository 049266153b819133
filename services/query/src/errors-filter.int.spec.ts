import { messageIdOf, partIdOf, sessionIdOf, type PartSynced } from '@opensync/contracts';
import { aMessageSynced, aPartSynced, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from './testing/query-app.ts';
import { storeEvents } from './testing/stored-events.ts';

const owner = OWNERS.ada!;
const vectorOf = () => Float32Array.of(1, 0);

describe('the filter by errors', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    app.replace({ embeddings: { embed: async (texts) => texts.map(vectorOf) } });
    const message = (session: string, externalId: string, ...parts: PartSynced['content'][]) => {
      const sessionId = sessionIdOf(owner, session);
      const messageId = messageIdOf(sessionId, externalId);
      const textContent = `deploy ${session} ${externalId}`;
      return [
        aMessageSynced({ sessionExternalId: session, externalId, textContent, partCount: parts.length }, { owner }),
        ...parts.map((content, order) =>
          aPartSynced(
            { sessionId, messageId, partId: partIdOf(messageId, order), order, type: 'tool-call', content },
            { owner },
          ),
        ),
      ];
    };
    const events = [
      aSessionSynced({ externalId: 'broken', title: 'Broken' }, { owner }),
      ...message('broken', 'm1', { toolName: 'Bash', result: 'ok' }),
      ...message('broken', 'm2', { toolName: 'Bash', result: 'no such file', is_error: true }),
      aSessionSynced({ externalId: 'smooth', title: 'Smooth' }, { owner }),
      ...message('smooth', 'm1', { toolName: 'Bash', result: 'ok' }),
    ];
    await storeEvents(app.resources, owner, events, { vectorOf });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const named = (found: { externalId: string }[]) => found.map(({ externalId }) => externalId).sort();
  const BOTH = [
    [true, ['broken']],
    [false, ['smooth']],
  ] as const;

  it.each(BOTH)('hasErrors=%s is understood by lists, exports and searches alike', async (hasErrors, expected) => {
    const listed = await app.request('GET', `/api/sessions?hasErrors=${hasErrors}`);
    expect(named(listed.body.sessions)).toEqual(expected);
    const { bytes } = await app.get(`/api/export?format=jsonl&hasErrors=${hasErrors}`, {
      authorization: 'Bearer osk_ada',
    });
    for (const session of ['broken', 'smooth'])
      expect(bytes.toString().includes(`deploy ${session} m1`)).toBe(expected.includes(session as never));
    for (const type of ['fulltext', 'semantic', 'hybrid']) {
      const { body } = await app.request('GET', `/api/search?q=deploy&type=${type}&hasErrors=${hasErrors}`);
      expect([type, named(body.results)]).toEqual([type, expected]);
    }
    const context = await app.request('POST', '/api/context', { body: { query: 'deploy', filters: { hasErrors } } });
    for (const session of ['broken', 'smooth'])
      expect(context.body.text.includes(`deploy ${session}`)).toBe(expected.includes(session as never));
  });

  it('looks at each message in a search by message', async () => {
    const sessionId = sessionIdOf(owner, 'broken');
    const search = async (type: string, hasErrors: boolean) => {
      const body = { query: 'deploy', type, level: 'message', filters: { hasErrors } };
      const found = (await app.request('POST', '/search', { body })).body.results;
      return found.map(({ messageId }: { messageId: string }) => messageId).sort();
    };
    const without = [messageIdOf(sessionId, 'm1'), messageIdOf(sessionIdOf(owner, 'smooth'), 'm1')].sort();
    for (const type of ['fulltext', 'semantic', 'hybrid']) {
      expect([type, await search(type, true)]).toEqual([type, [messageIdOf(sessionId, 'm2')]]);
      expect([type, await search(type, false)]).toEqual([type, without]);
    }
  });
});
