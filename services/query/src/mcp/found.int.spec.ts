import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { aMessageSynced, aSessionSynced } from '@opensync/testkit';
import { sessionIdOf } from '@opensync/contracts';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';

const owner = OWNERS.ada!;
const HISTORY =
  'The heron pool refuses connections, because the compose file starts the database after the container of the interface has asked for it';
const SESSIONS = ['original', 'fork-1', 'fork-2'];

describe('what an agent is told about results that are not there', () => {
  const closing = new AsyncDisposableStack();
  let app: QueryApp;
  let client: Client;
  beforeAll(async () => {
    app = closing.use(await startQueryApp());
    const events = SESSIONS.flatMap((externalId) => [
      aSessionSynced({ externalId, title: externalId }, { owner }),
      aMessageSynced({ sessionExternalId: externalId, externalId: 'm1', textContent: HISTORY }, { owner }),
    ]);
    const vectorOf = () => Float32Array.of(1, 0);
    await storeEvents(app.resources, owner, events, { vectorOf });
    app.replace({ embeddings: { embed: async (texts) => texts.map(vectorOf) } });
    client = new Client({ name: 'spec', version: '1.0.0' });
    const url = new URL('/mcp', await app.listen());
    await client.connect(
      new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization: 'Bearer osk_ada' } } }),
    );
    closing.defer(() => client.close());
  });
  afterAll(() => closing.disposeAsync());

  // What a tool returns is what the tests are about.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  type Any = any;
  const call = async (name: string, args: object): Promise<Any> =>
    ((await client.callTool({ name, arguments: { ...args } })) as Any).structuredContent;
  const ids = SESSIONS.map((name) => sessionIdOf(owner, name)).toSorted();

  it.each([
    ['search_sessions', 'results'],
    ['get_context', 'citations'],
  ])('%s counts copies and names their sessions', async (tool, list) => {
    const { [list]: found, noCloseMatch } = await call(tool, { query: 'heron pool connections' });
    expect(found).toMatchObject([{ copies: { count: 2 } }]);
    const [{ sessionId, copies }] = found;
    expect([sessionId, ...copies.sessionIds].toSorted()).toEqual(ids);
    expect(noCloseMatch).toBe(false);
  });

  it.each(['search_sessions', 'get_context'])('%s says that nothing is close in meaning', async (tool) => {
    app.replace({ closeness: () => ({ floor: 2, floorOfUnknown: 2 }) });
    const query = { query: 'zebra crossing' };
    expect(await call(tool, query)).toMatchObject({ noCloseMatch: true });
  });
});
