import { openLive, type LiveFrame, type OpenLive } from '@opensync/testkit';
import type { Api } from './harness/api.ts';
import { startTarget, type Target } from './harness/target.ts';

/** Through whatever lies between a client and the processes: projectors that announce, a log, an edge that must not buffer. */
describe('live streams', () => {
  let target: Target;
  let ada: Api;
  let bob: Api;
  const opened: OpenLive[] = [];

  beforeAll(async () => {
    target = await startTarget();
    ada = await target.api('ada-who-follows@example.com');
    bob = await target.api('bob-who-follows@example.com');
  });
  afterEach(async () => void (await Promise.all(opened.splice(0).map((live) => live.close()))));
  afterAll(async () => target?.stop());

  async function following(api: Api, options: { query?: string; lastEventId?: string } = {}): Promise<OpenLive> {
    const live = await openLive(target.url, { key: api.key, ...options });
    opened.push(live);
    await live.frame('ready');
    return live;
  }
  const named =
    (externalId: string) =>
    ({ data }: LiveFrame) =>
      data.externalId === externalId;
  const write = (api: Api, session: string) =>
    api.syncMessage({
      sessionExternalId: session,
      externalId: 'm1',
      role: 'user',
      textContent: 'Where are the herons?',
    });

  it('show a write as soon as the documents have it, to its owner alone, with its receipt', async () => {
    const live = await following(ada, { query: '?kinds=session,message,receipt' });
    const ofBob = await following(bob);
    const position = await write(ada, 'followed');
    const { data } = await live.frame(({ event, data }) => event === 'session' && data.externalId === 'followed');
    // What an event tells can be read.
    const { status } = await ada.request(`/api/sessions/${data.id}`);
    expect(status).toBe(200);
    await live.frame(({ event, data }) => event === 'message' && data.role === 'user');
    await live.frame(({ event, data }) => event === 'receipt' && data.sequences.includes(position));
    await write(bob, 'of bob');
    await ofBob.frame(named('of bob'));
    expect(ofBob.frames.filter(named('followed'))).toEqual([]);
  });

  it('continue where a client was', async () => {
    const live = await following(ada);
    await write(ada, 'before the break');
    await live.frame(named('before the break'));
    await live.close();
    const { lastEventId } = live;
    await write(ada, 'in the break');
    const again = await following(ada, { lastEventId: lastEventId! });
    await again.frame(named('in the break'));
    await write(ada, 'after the break');
    await again.frame(named('after the break'));
  });

  it('end soon after their key was revoked', async () => {
    const eve = await target.api('eve-who-leaves@example.com');
    const live = await following(eve);
    await target.revoke(eve);
    expect(await live.ended).toBe(true);
  });
});
