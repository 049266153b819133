import { jest } from '@jest/globals';
import { FAKED, inBrowser, json } from '../testing/browser.ts';

const LOGIN = { user: { id: 'u' }, workspace: { id: 'w' }, role: 'owner', scopes: ['admin'], csrfToken: 'c' };
const there = { 'GET /livez': () => json({}), 'GET /auth/session': () => json(LOGIN) };

describe('a server that does not answer', () => {
  beforeEach(() => void jest.useFakeTimers(FAKED));
  afterEach(() => void jest.useRealTimers());

  it('is not one of another version, whose files have other names: that needs a reload, and nothing is read again', async () => {
    const { loaded, server, requests, pass } = await inBrowser(there);
    const load = jest.fn(() => Promise.reject(new TypeError('Failed to fetch dynamically imported module')));
    expect(await loaded(load)).toBe('outdated');
    await pass(60_000);
    expect({ isLost: server.isLost, revision: server.revision }).toEqual({ isLost: false, revision: 0 });
    expect({ loads: load.mock.calls.length, requests }).toEqual({ loads: 2, requests: ['GET /livez'] });
  });

  it('loads a page again whose connection was cut', async () => {
    const { loaded } = await inBrowser(there);
    let loads = 0;
    const page = { default: 'a page' };
    expect(await loaded(() => (loads++ === 0 ? Promise.reject(new TypeError('cut')) : Promise.resolve(page)))).toBe(
      page,
    );
  });

  it('is asked until it is back, and then everything is read again', async () => {
    const { loaded, server, answers, pass } = await inBrowser({});
    expect(await loaded(() => Promise.reject(new TypeError('offline')))).toBe('lost');
    expect(server.isLost).toBe(true);
    await pass(20_000);
    Object.assign(answers, there);
    await pass(8_000);
    expect({ isLost: server.isLost, revision: server.revision }).toEqual({ isLost: false, revision: 1 });
  });

  it('is asked less and less often if only part of it does not answer', async () => {
    const { client, component, resource, server, requests, pass } = await inBrowser({
      ...there,
      'GET /api/projections': () => json({}, { status: 504 }),
    });
    const { end } = component(() => resource((signal) => client.get('/api/projections', { signal })));
    for (let second = 0; second < 120; second++) await pass(1_000);
    expect(server.revision).toBeGreaterThan(5);
    expect(requests.filter((request) => request === 'GET /api/projections').length).toBeLessThan(25);
    end();
  });
});
