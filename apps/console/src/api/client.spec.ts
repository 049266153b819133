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
});
