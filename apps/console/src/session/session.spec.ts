import { jest } from '@jest/globals';
import { FAKED, inBrowser, json } from '../testing/browser.ts';

const login = (scopes: readonly string[]) => () =>
  json({ user: { id: 'u' }, workspace: { id: 'w' }, role: 'owner', scopes, csrfToken: 'c' });
const forbidden = () => json({ error: { code: 'FORBIDDEN', message: 'For operators' } }, { status: 403 });

describe('the login', () => {
  beforeEach(() => void jest.useFakeTimers(FAKED));
  afterEach(() => void jest.useRealTimers());

  it.each([
    [429, '3', 'busy'],
    [503, '3', 'busy'],
  ])('is asked for again if the server is busy at first (%i)', async (status, after, trouble) => {
    const { session, answers, settled, pass } = await inBrowser({
      'GET /auth/session': () => json({}, { status, headers: { 'retry-after': after } }),
    });
    void session.check();
    await settled();
    expect([session.state, session.error?.trouble]).toEqual(['unknown', trouble]);
    answers['GET /auth/session'] = login(['admin']);
    await pass(2_900);
    expect(session.state).toBe('unknown');
    await pass(200);
    expect([session.state, session.error]).toEqual(['in', undefined]);
  });

  it('says that the server failed, instead of nothing', async () => {
    const { session } = await inBrowser({ 'GET /auth/session': () => json({}, { status: 500 }) });
    await session.check();
    expect([session.state, session.error?.trouble]).toEqual(['unknown', 'failed']);
  });

  it('loses the rights of an operator when the server refuses them, and reads nothing for them any more', async () => {
    const { session, client, component, resource, answers, requests, settled, pass } = await inBrowser({
      'GET /auth/session': login(['admin', 'operator']),
      'GET /api/operator/status': () => json({}),
    });
    await session.check();
    const { result, end } = component(() =>
      resource((signal) => (session.may('operator') ? client.get('/api/operator/status', { signal }) : undefined)),
    );
    await settled();
    Object.assign(answers, { 'GET /auth/session': login(['admin']), 'GET /api/operator/status': forbidden });
    result.reload();
    await pass(60_000);
    expect([session.state, session.may('operator'), session.may('admin')]).toEqual(['in', false, true]);
    expect(requests.filter((request) => request === 'GET /api/operator/status')).toHaveLength(2);
    end();
  });

  it('is asked for once after a refusal that has another reason', async () => {
    const { session, client, component, resource, requests, pass } = await inBrowser({
      'GET /auth/session': login(['admin', 'operator']),
      'GET /api/operator/status': forbidden,
    });
    await session.check();
    const { end } = component(() =>
      resource((signal) =>
        session.login && session.may('operator') ? client.get('/api/operator/status', { signal }) : undefined,
      ),
    );
    await pass(60_000);
    expect(requests).toEqual(['GET /auth/session', 'GET /api/operator/status', 'GET /auth/session']);
    end();
  });

  it('is not asked for without end if asking is forbidden', async () => {
    const { session, requests, pass } = await inBrowser({ 'GET /auth/session': forbidden });
    await session.check();
    await pass(60_000);
    expect([requests.length, session.error?.trouble]).toEqual([1, 'forbidden']);
  });
});
