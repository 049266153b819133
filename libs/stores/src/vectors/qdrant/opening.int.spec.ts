import { ConfigError } from '@opensync/platform';
import { toxicProxy, type Reply } from '@opensync/testkit';
import { StoreUnavailableError } from '../../description.ts';
import { openQdrantVectors } from './store.ts';

const answer = (result: unknown): Reply => ({ status: 200, body: JSON.stringify({ result, status: 'ok', time: 0 }) });
const refusal = (status: number, error: string): Reply => ({ status, body: JSON.stringify({ status: { error } }) });
const unauthorized: Reply = {
  status: 401,
  body: 'Invalid API key or JWT',
  headers: { 'content-type': 'text/plain' },
};
const server = (version: string): Reply => ({ status: 200, body: JSON.stringify({ title: 'qdrant', version }) });

/** The error of opening a server that greets like this and answers everything else alike. */
async function openingAt(greeting: Reply, reply: Reply = greeting): Promise<Error> {
  const proxy = await toxicProxy(undefined, async ({ path }) => (path === '/' ? greeting : reply));
  try {
    const url = proxy.url.replace('//', '//ann:secret@');
    await openQdrantVectors({ url, apiKey: 'key-secret', model: 'm', dimensions: 4 });
  } catch (error) {
    return error as Error;
  } finally {
    await proxy.close();
  }
  throw new Error('was opened');
}

describe('opening vectors on Qdrant', () => {
  it.each<[what: string, greeting: Reply, reply: Reply, message: RegExp]>([
    [
      'a wrong key',
      server('1.19.0'),
      unauthorized,
      /^QDRANT_API_KEY: http:\S+ rejects requests without a valid API key/,
    ],
    [
      'a key that may only read',
      server('1.19.0'),
      refusal(403, 'Global manage access is required'),
      /^QDRANT_API_KEY: .* Global manage access is required; it must be allowed to manage collections$/,
    ],
    ['a key that the whole server asks for', unauthorized, unauthorized, /^QDRANT_API_KEY: /],
    ['an old server', server('1.15.5'), answer({}), /^QDRANT_URL: .* is Qdrant 1\.15\.5; use 1\.16 or later$/],
    [
      'another product',
      { status: 200, body: '<html></html>', headers: { 'content-type': 'text/html' } },
      answer({}),
      /^QDRANT_URL: the server at http:\S+ is not Qdrant$/,
    ],
    ['another product without a front page', refusal(404, 'none'), refusal(404, 'none'), /^QDRANT_URL: .* not Qdrant$/],
  ])('names the setting that is wrong: %s', async (_, greeting, reply, message) => {
    const error = await openingAt(greeting, reply);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/secret|\n/);
  });

  it('names the setting if plain HTTP answers to HTTPS', async () => {
    const proxy = await toxicProxy(undefined, async () => server('1.19.0'));
    const opening = openQdrantVectors({ url: proxy.url.replace('http:', 'https:'), model: 'm', dimensions: 4 });
    await expect(opening).rejects.toThrow(/^QDRANT_URL: the TLS connection to https:/);
    await expect(opening).rejects.toBeInstanceOf(ConfigError);
    await proxy.close();
  });

  it('names the setting that is not a URL', async () => {
    await expect(openQdrantVectors({ url: 'qdrant:6333', model: 'm', dimensions: 4 })).rejects.toThrow(
      /^QDRANT_URL: must be like http:\/\/host:6333$/,
    );
  });

  it.each<[what: string, reply: Reply]>([
    ['is not ready', refusal(503, 'not ready')],
    ['has too much to do', refusal(429, 'too many requests')],
    ['fails', refusal(500, 'panicked')],
  ])('waits for a server that %s', async (_, reply) => {
    expect(await openingAt(reply)).toBeInstanceOf(StoreUnavailableError);
    expect(await openingAt(server('1.19.0'), reply)).toBeInstanceOf(StoreUnavailableError);
  });

  it('waits for an unavailable server', async () => {
    const proxy = await toxicProxy(undefined, async () => 'reset');
    const opening = () => openQdrantVectors({ url: proxy.url, model: 'm', dimensions: 4 });
    await expect(opening()).rejects.toBeInstanceOf(StoreUnavailableError);
    await proxy.close();
    await expect(opening()).rejects.toBeInstanceOf(StoreUnavailableError);
  });
});
