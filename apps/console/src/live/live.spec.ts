import { jest } from '@jest/globals';
import { FAKED, inBrowser, json } from '../testing/browser.ts';

const there = {
  'GET /auth/session': () =>
    json({ user: { id: 'u' }, workspace: { id: 'w' }, role: 'owner', scopes: ['admin'], csrfToken: 'c' }),
};

describe('the live stream', () => {
  beforeEach(() => void jest.useFakeTimers(FAKED));
  afterEach(() => void jest.useRealTimers());

  it('is opened again after an error that a browser gives up on, and then everything is read again', async () => {
    const { live, streams, pass } = await inBrowser(there);
    const heard: string[] = [];
    live.hear(({ kind }) => heard.push(kind));
    live.open();
    streams[0]!.send('ready');
    expect([live.state, heard]).toEqual(['open', []]);
    streams[0]!.fail('refused');
    expect(live.state).toBe('away');
    await pass(1_000);
    expect([streams.length, live.state]).toEqual([2, 'connecting']);
    streams[1]!.send('ready');
    expect([live.state, heard]).toEqual(['open', ['reset']]);
    live.close();
  });

  it('tells the first page what changed while it was on its way, and a later page nothing old', async () => {
    const { live, streams, settled, pass } = await inBrowser(there);
    const heard: string[] = [];
    const listen = () => live.hear((change) => heard.push(change.kind === 'gone' ? change.sessionId : change.kind));
    live.open();
    streams[0]!.send('ready');
    streams[0]!.send('gone', { sessionId: 'a' });
    const stop = listen();
    streams[0]!.send('gone', { sessionId: 'b' });
    await settled();
    expect(heard.toSorted()).toEqual(['a', 'b']);
    stop();
    await pass(5_000);
    streams[0]!.send('gone', { sessionId: 'c' });
    listen();
    await settled();
    expect(heard.toSorted()).toEqual(['a', 'b']);
    live.close();
  });

  it('has a page read again if too much changed while it was on its way', async () => {
    const { live, streams, settled } = await inBrowser(there);
    const heard: string[] = [];
    live.open();
    for (let at = 0; at <= 100; at++) streams[0]!.send('gone', { sessionId: `ses_${at}` });
    live.hear(({ kind }) => heard.push(kind));
    await settled();
    expect(heard).toEqual(['reset']);
    live.close();
  });

  it('is tried less and less often', async () => {
    const { live, streams, pass } = await inBrowser(there);
    live.open();
    for (let second = 0; second < 300; second++) {
      if (streams.at(-1)!.readyState !== 2) streams.at(-1)!.fail('refused');
      await pass(1_000);
    }
    expect(streams.length).toBeGreaterThan(8);
    expect(streams.length).toBeLessThan(30);
    live.close();
  });

  it('is left to the browser while that connects again by itself', async () => {
    const { live, streams, pass } = await inBrowser(there);
    live.open();
    streams[0]!.fail('broken');
    await pass(60_000);
    expect([streams.length, live.state]).toEqual([1, 'connecting']);
    live.close();
  });

  it('is not opened again once it was closed, as after the end of the login', async () => {
    const { live, session, streams, pass } = await inBrowser({ 'GET /auth/session': () => json({}, { status: 401 }) });
    live.open();
    streams[0]!.fail('refused');
    await pass(0);
    expect(session.state).toBe('out');
    live.close();
    await pass(60_000);
    expect([streams.length, live.state]).toEqual([1, 'away']);
  });

  it('counts what says how far the documents are, and no changes', async () => {
    const { live, streams } = await inBrowser(there);
    live.open();
    streams[0]!.send('ready');
    streams[0]!.send('session', { id: 'ses_1' });
    streams[0]!.send('message', { id: 'msg_1' });
    expect(live.positions).toBe(1);
    streams[0]!.send('position');
    expect(live.positions).toBe(2);
    live.close();
  });
});
