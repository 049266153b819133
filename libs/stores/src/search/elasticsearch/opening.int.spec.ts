import { ConfigError } from '@opensync/platform';
import { toxicProxy, type Reply } from '@opensync/testkit';
import { StoreUnavailableError } from '../../description.ts';
import { openElasticsearchSearch } from './store.ts';

const failure = (status: number, type: string): Reply => ({
  status,
  body: JSON.stringify({ error: { type, reason: `because of ${type}` }, status }),
});

/** The error of opening a server that answers everything alike. */
async function openingAt(reply: Reply, options: { apiKey?: string; credentials?: string } = {}): Promise<Error> {
  const server = await toxicProxy(undefined, async () => reply);
  try {
    const url = server.url.replace('//', `//${options.credentials ?? ''}`);
    await openElasticsearchSearch({ url, apiKey: options.apiKey, generation: 1 });
  } catch (error) {
    return error as Error;
  } finally {
    await server.close();
  }
  throw new Error('was opened');
}

describe('opening search on Elasticsearch', () => {
  it.each<[what: string, reply: Reply, message: RegExp]>([
    ['missing credentials', failure(401, 'security_exception'), /^ELASTICSEARCH_API_KEY: .* set a valid API key/],
    [
      'too few privileges',
      failure(403, 'security_exception'),
      /^ELASTICSEARCH_API_KEY: the credentials have no permission .* privilege/,
    ],
    ['an old server', failure(400, 'media_type_header_exception'), /^ELASTICSEARCH_URL: .* use Elasticsearch 9/],
    [
      'another product',
      { status: 200, body: '{}', headers: { 'x-elastic-product': 'Else' } },
      /^ELASTICSEARCH_URL: .* is not Elasticsearch/,
    ],
  ])('names the setting that is wrong: %s', async (_, reply, message) => {
    const error = await openingAt(reply, { credentials: 'ann:secret@', apiKey: 'key-secret' });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/secret@|\n/);
    expect(error.message).not.toContain('key-secret');
  });

  it.each<[what: string, credentials: string, apiKey: string | undefined, authorization: string]>([
    ['an API key', '', 'a2V5', 'ApiKey a2V5'],
    ['user and password of the URL', 'ann:secret@', undefined, `Basic ${btoa('ann:secret')}`],
  ])('sends %s', async (_, credentials, apiKey, authorization) => {
    const sent: unknown[] = [];
    const server = await toxicProxy(undefined, async ({ headers }) => {
      sent.push(headers.authorization);
      return failure(401, 'security_exception');
    });
    const url = server.url.replace('//', `//${credentials}`);
    await expect(openElasticsearchSearch({ url, apiKey, generation: 1 })).rejects.toThrow();
    expect(sent).toEqual([authorization]);
    await server.close();
  });

  it('names the setting if plain HTTP answers to HTTPS', async () => {
    const server = await toxicProxy(undefined, async () => ({ status: 200, body: '{}' }));
    const opening = openElasticsearchSearch({ url: server.url.replace('http:', 'https:'), generation: 1 });
    await expect(opening).rejects.toThrow(/^ELASTICSEARCH_URL: the TLS connection to https:/);
    await expect(opening).rejects.toBeInstanceOf(ConfigError);
    await server.close();
  });

  it.each<[what: string, reply: Reply]>([
    ['is not ready', failure(503, 'cluster_block_exception')],
    ['has too much to do', failure(429, 'circuit_breaking_exception')],
  ])('waits for a server that %s', async (_, reply) => {
    expect(await openingAt(reply)).toBeInstanceOf(StoreUnavailableError);
  });

  it('waits for an unavailable server', async () => {
    const server = await toxicProxy(undefined, async () => 'reset');
    await server.close();
    await expect(openElasticsearchSearch({ url: server.url, generation: 1 })).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
  });
});
