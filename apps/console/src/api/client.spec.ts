import { jest } from '@jest/globals';
import { cutShort, FAKED, inBrowser, json } from '../testing/browser.ts';

describe('the client of the API', () => {
  beforeEach(() => void jest.useFakeTimers(FAKED));
  afterEach(() => void jest.useRealTimers());

  it('takes a connection that is cut in the middle of an answer for a server that does not answer', async () => {
    const { client, server, ApiError } = await inBrowser({
      'GET /api/sessions': cutShort,
      'POST /api/context': cutShort,
    });
    const failure = await client.get('/api/sessions').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiError);
    expect(failure).toMatchObject({ trouble: 'lost', message: 'The server does not answer' });
    expect(server.isLost).toBe(true);
    await expect(client.send('post', '/api/context', { json: {} })).rejects.toMatchObject({ trouble: 'lost' });
    const answer = await client.request('GET', '/api/sessions');
    await expect(client.textOf(answer)).rejects.toMatchObject({ trouble: 'lost' });
  });

  it('does not take a request that was given up for a lost server', async () => {
    const aborter = new AbortController();
    const { client, server } = await inBrowser({
      'GET /api/sessions': (request) =>
        new Response(
          new ReadableStream({
            start: (controller) =>
              request.signal.addEventListener('abort', () => controller.error(request.signal.reason)),
          }),
        ),
    });
    const pending = client.get('/api/sessions', { signal: aborter.signal });
    await new Promise(setImmediate);
    aborter.abort();
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.isLost).toBe(false);
  });

  it.each([
    ['an answer that is not JSON', () => new Response('<html>Log in to the hotel</html>')],
    ['an error that is not JSON', () => new Response('<html>', { status: 500 })],
    ['an error that is null', () => json(null, { status: 500 })],
  ])('says that the server failed after %s', async (_what, answer) => {
    const { client, ApiError } = await inBrowser({ 'GET /api/sessions': answer });
    const failure = await client.get('/api/sessions').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiError);
    expect(failure).toMatchObject({ trouble: 'failed' });
  });

  it('gives the answer of a read that was sent ahead to the first request for the same, and to no other', async () => {
    let answers = 0;
    const { client, requests } = await inBrowser({ 'GET /api/sessions': () => json({ answer: ++answers }) });
    const query = { limit: 100, source: undefined };
    client.readAhead('/api/sessions', { query });
    expect(await client.get('/api/sessions', { query: { limit: 50 } })).toEqual({ answer: 2 });
    expect(await client.get('/api/sessions', { query })).toEqual({ answer: 1 });
    expect(await client.get('/api/sessions', { query })).toEqual({ answer: 3 });
    expect(requests.length).toBe(3);
  });

  it('does not show what was read ahead long ago', async () => {
    let answers = 0;
    const { client, pass } = await inBrowser({ 'GET /api/sessions': () => json({ answer: ++answers }) });
    client.readAhead('/api/sessions', {});
    await pass(5_000);
    expect(await client.get('/api/sessions')).toEqual({ answer: 2 });
  });

  it('tells of a failure of a read that was sent ahead when somebody asks for its answer', async () => {
    const { client, server, settled } = await inBrowser({});
    client.readAhead('/api/sessions', {});
    await settled();
    expect(server.isLost).toBe(false);
    await expect(client.get('/api/sessions')).rejects.toMatchObject({ trouble: 'lost' });
    expect(server.isLost).toBe(true);
  });
});
