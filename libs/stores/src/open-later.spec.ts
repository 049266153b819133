import { ConfigError, createLogger } from '@opensync/platform';
import { waitFor } from '@opensync/testkit';
import { StoreUnavailableError } from './description.ts';
import { openNowOrLater } from './open-later.ts';

const logger = createLogger('silent', 'test');

/** A store whose server can be away or be set up wrong. */
function aServer() {
  const server = { problem: undefined as Error | undefined, opened: 0, closed: 0 };
  const open = async () => {
    if (server.problem) throw server.problem;
    server.opened++;
    return { read: async (id: string) => `document ${id}`, close: async () => void server.closed++ };
  };
  return { server, options: { name: 'documents' as const, server: 'http://server', open, logger } };
}

describe('openNowOrLater', () => {
  it('gives the store itself where it answers', async () => {
    const { server, options } = aServer();
    const store = await openNowOrLater(options);
    expect(await store.read('1')).toBe('document 1');
    await store.close();
    expect(server).toMatchObject({ opened: 1, closed: 1 });
  });

  it('refuses operations while the server is away, and opens once when it answers', async () => {
    const { server, options } = aServer();
    server.problem = new StoreUnavailableError('documents');
    const store = await openNowOrLater(options);
    await expect(store.read('1')).rejects.toThrow(StoreUnavailableError);
    server.problem = undefined;
    await waitFor(async () => (await store.read('1')) === 'document 1', { what: 'the store' });
    expect(await Promise.all([store.read('2'), store.read('3')])).toEqual(['document 2', 'document 3']);
    await store.close();
    expect(server).toMatchObject({ opened: 1, closed: 1 });
  });

  it('closes what was never open, and opens nothing afterwards', async () => {
    const { server, options } = aServer();
    server.problem = new StoreUnavailableError('documents');
    const store = await openNowOrLater(options);
    await store.close();
    server.problem = undefined;
    await expect(store.read('1')).rejects.toThrow(StoreUnavailableError);
    expect(server.opened).toBe(0);
  });

  it('fails at once where a setting is wrong', async () => {
    const { server, options } = aServer();
    server.problem = new ConfigError('MONGODB_URL: wrong password');
    await expect(openNowOrLater(options)).rejects.toThrow('MONGODB_URL: wrong password');
  });

  it('goes on as unavailable where a setting turns out to be wrong only later', async () => {
    const { server, options } = aServer();
    server.problem = new StoreUnavailableError('documents');
    const store = await openNowOrLater(options);
    server.problem = new ConfigError('QDRANT_API_KEY: refused');
    await waitFor(async () => {
      const error = await store.read('1').catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StoreUnavailableError);
      return (error as Error).cause instanceof ConfigError;
    });
    server.problem = undefined;
    await waitFor(async () => (await store.read('1')) === 'document 1');
  });
});
