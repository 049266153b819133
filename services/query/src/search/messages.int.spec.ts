import { messageIdOf, sessionIdOf } from '@opensync/contracts';
import { aMessageSynced, aSessionCurated, aSessionSynced } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;
const bob = OWNERS.bob!;
const messageOf = (session: string, message: string) => messageIdOf(sessionIdOf(owner, session), message);

/** Meaning in two dimensions: animals one way, everything else the other. */
function vectorOf(text: string): Float32Array {
  return /kitten|cat\b/i.test(text) ? Float32Array.of(1, 0) : Float32Array.of(0, 1);
}

const FILLER = 'The deployment of the gateway went through without a warning, and nobody had to wait for it. '.repeat(
  8,
);
const LONG = `${FILLER}\n\nMy kitten walked over the keyboard and stopped the release.\n\n${FILLER}`;

describe('search by message', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
    app.replace({ embeddings: { embed: async (texts) => texts.map(vectorOf) } });
    const message = (sessionExternalId: string, externalId: string, textContent: string, role = 'user') =>
      aMessageSynced({ sessionExternalId, externalId, textContent, role, createdAt: 5_000 }, { owner });
    await storeEvents(
      app.resources,
      owner,
      [
        aSessionSynced({ externalId: 'one', title: 'About sofas', createdAt: 1_000 }, { owner }),
        message('one', 'm1', 'The sofa is <red>, a red sofa'),
        message('one', 'm2', 'I agree'),
        message('one', 'm3', 'Another sofa of another colour than the first one, which was red', 'assistant'),
        aSessionSynced({ externalId: 'two', title: 'Long', createdAt: 2_000 }, { owner }),
        message('two', 'm1', LONG),
      ],
      { vectorOf },
    );
    await storeEvents(
      app.resources,
      bob,
      [
        aSessionSynced({ externalId: 'hidden', title: 'Of Bob' }, { owner: bob }),
        aMessageSynced({ sessionExternalId: 'hidden', externalId: 'm1', textContent: 'A sofa of bob' }, { owner: bob }),
      ],
      { vectorOf, first: 100 },
    );
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const search = async (body: object) => (await app.request('POST', '/search', { body })).body;
  const messages = ({ results }: { results: { messageId: string }[] }) => results.map(({ messageId }) => messageId);

  it('finds several messages of a session, with place, role and highlights', async () => {
    const { results } = await search({ query: 'sofa', level: 'message' });
    expect(results).toEqual([
      expect.objectContaining({
        sessionId: sessionIdOf(owner, 'one'),
        title: 'About sofas',
        messageId: messageOf('one', 'm1'),
        role: 'user',
        messageCreatedAt: 5_000,
        snippet: 'The <mark>sofa</mark> is &lt;red&gt;, a red <mark>sofa</mark>',
        snippetText: 'The sofa is <red>, a red sofa',
        highlights: [
          { start: 4, end: 8 },
          { start: 25, end: 29 },
        ],
      }),
      expect.objectContaining({ messageId: messageOf('one', 'm3'), role: 'assistant' }),
    ]);
    const positions: string[] = results.map(({ position }: { position: string }) => position);
    expect(new Set(positions).size).toBe(2);
    const page = `/api/sessions/${sessionIdOf(owner, 'one')}?after=${positions[0]}`;
    expect((await app.request('GET', page)).body.messages[0].id).toBe(messageOf('one', 'm2'));
  });

  it('finds sessions by default, with the best message of each', async () => {
    const { results } = await search({ query: 'sofa' });
    expect(results).toMatchObject([{ messageId: messageOf('one', 'm1'), role: 'user', position: expect.any(String) }]);
    const { results: byTitle } = await search({ query: 'sofas' });
    expect(byTitle).toMatchObject([{ messageId: null, role: null, position: null, messageCreatedAt: null }]);
  });

  it.each(['session', 'message'])('shows by %s the passage that matched by meaning, and its place', async (level) => {
    const [first] = (await search({ query: 'cat', type: 'semantic', level })).results;
    expect(first.messageId).toBe(messageOf('two', 'm1'));
    expect(first.snippetText).toContain('My kitten walked over the keyboard');
    expect(LONG.slice(first.passage.start, first.passage.end)).toContain('My kitten walked over the keyboard');
    expect(first.passage.end - first.passage.start).toBeLessThanOrEqual(500);
  });

  it('fuses messages of both sides', async () => {
    const answer = await search({ query: 'kitten', type: 'hybrid', level: 'message' });
    expect(answer.results[0]).toMatchObject({
      messageId: messageOf('two', 'm1'),
      matchedIn: ['fulltext', 'semantic'],
      snippet: expect.stringContaining('<mark>kitten</mark>'),
    });
    expect(new Set(messages(answer)).size).toBe(4);
  });

  it('leaves out the messages of sessions with a negated word on both sides', async () => {
    expect(messages(await search({ query: 'kitten -agree', type: 'hybrid', level: 'message' }))).toEqual([
      messageOf('two', 'm1'),
    ]);
  });

  it('finds messages of sessions that others share, and no others', async () => {
    const share = (visibility: 'workspace' | 'private', first: number) =>
      storeEvents(
        app.resources,
        bob,
        [
          aSessionSynced({ externalId: 'shared', title: 'Of Bob' }, { owner: bob }),
          aMessageSynced({ sessionExternalId: 'shared', externalId: 'm', textContent: 'a divan' }, { owner: bob }),
          aSessionCurated({ externalId: 'shared', visibility }, { owner: bob }),
        ],
        { vectorOf, first },
      );
    await share('workspace', 200);
    const ids = [messageIdOf(sessionIdOf(bob, 'shared'), 'm')];
    expect(messages(await search({ query: 'divan', level: 'message' }))).toEqual(ids);
    expect(messages(await search({ query: 'sofa', level: 'message' }))).toHaveLength(2);
  });
});
