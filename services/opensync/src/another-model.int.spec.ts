import { join } from 'node:path';
import { startFakeOpenAi, tcpProxy, temporaryFolder, waitFor } from '@opensync/testkit';
import { get, KEY, post, search } from './testing/client.ts';
import { Product } from './testing/product.ts';

interface Health {
  readonly parts: Readonly<Record<string, string>>;
}

it('embeds everything again for another embedding model, and reports meanwhile that semantic search is partial', async () => {
  await using folder = await temporaryFolder();
  const product = new Product(join(folder.path, 'data'), { OPENSYNC_BOOTSTRAP_KEY: KEY });
  const small = await startFakeOpenAi({ dimensions: 3 });
  const large = await startFakeOpenAi({ dimensions: 5 });
  const line = await tcpProxy(large.url);
  const finds = async (url: string) => {
    const { results, degraded } = await search(url, 'herons', 'semantic');
    return { found: results.map(({ externalId, matchedIn }) => [externalId, ...matchedIn]), degraded };
  };
  const parts = async (url: string) => (await get<Health>(`${url}/readyz`)).parts;
  try {
    const first = await product.start({ OPENAI_BASE_URL: small.url, OPENSYNC_EMBEDDING_DIMENSIONS: '3' });
    await post(`${first.url}/sync/session`, { externalId: 'birds', title: 'Herons at the river' });
    const whole = { found: [['birds', 'semantic']], degraded: undefined };
    await waitFor(async () => (await finds(first.url)).found.length > 0);
    expect(await finds(first.url)).toEqual(whole);
    first.child.kill('SIGINT');
    await first.finished;

    line.become('cut');
    const { url } = await product.start({
      OPENAI_BASE_URL: `http://127.0.0.1:${line.port}/v1`,
      OPENSYNC_EMBEDDING_MODEL: 'another',
      OPENSYNC_EMBEDDING_DIMENSIONS: '5',
    });
    await waitFor(async () => (await parts(url)).vectors === 'degraded');
    expect(await finds(url)).toEqual({ found: [['birds', 'fulltext']], degraded: ['semantic'] });

    line.become('open');
    await waitFor(async () => (await parts(url)).vectors === 'up', { timeoutMs: 60_000 });
    expect(await finds(url)).toEqual(whole);
  } finally {
    await product.dispose();
    await line.close();
    await small.close();
    await large.close();
  }
});
