import { ConfigError, createLogger } from '@opensync/platform';
import { waitFor } from '@opensync/testkit';
import { StoreUnavailableError, UnfitServerError } from './description.ts';
import { openNowOrLater } from './open-later.ts';

const logger = createLogger('silent', 'test');

/** A store whose server can be unavailable or misconfigured. */
function aServer() {
  const server = { problem: undefined as Error | undefined, opened: 0, closed: 0 };
  const open = async () => {
    if (server.problem) throw server.problem;
    server.opened++;
    return { read: async (id: string) => `document ${id}`, close: async () => void server.closed++ };
  };
  return { server, options: { name: 'documents' as const, server: 'http://server', essential: true, open, logger } };
}

describe('openNowOrLater', () => {
  it('returns the store itself if it answers', async () => {
    const { server, options } = aServer();
    const handle = await openNowOrLater(options);
    expect(await (await handle.use()).read('1')).toBe('document 1');
    await handle.close();
    expect(server).toMatchObject({ opened: 1, closed: 1 });
  });

  it('rejects operations while the server is unavailable, and opens once when it answers', async () => {
    const { server, options } = aServer();
    server.problem = new StoreUnavailableError('documents');
    const handle = await openNowOrLater(options);
    await expect(handle.use()).rejects.toThrow(StoreUnavailableError);
    server.problem = undefined;
    await waitFor(async () => (await (await handle.use()).read('1')) === 'document 1', { what: 'the store' });
    expect(await handle.use()).toBe(await handle.use());
    await handle.close();
    expect(server).toMatchObject({ opened: 1, closed: 1 });
  });

  it('closes a store that was never open, and opens nothing afterwards', async () => {
    const { server, options } = aServer();
    server.problem = new StoreUnavailableError('documents');
    const handle = await openNowOrLater(options);
    await handle.close();
    server.problem = undefined;
    await expect(handle.use()).rejects.toThrow(StoreUnavailableError);
    expect(server.opened).toBe(0);
  });

  it('fails at once if a setting is malformed, or the server of an essential store rejects it', async () => {
    const { server, options } = aServer();
    server.problem = new UnfitServerError('MONGODB_URL: wrong password');
    await expect(openNowOrLater(options)).rejects.toThrow('MONGODB_URL: wrong password');
    server.problem = new ConfigError('MONGODB_URL: no URL');
    await expect(openNowOrLater({ ...options, essential: false })).rejects.toThrow('MONGODB_URL: no URL');
  });

  it.each([
    [new UnfitServerError('MONGODB_URL: wrong password'), 'MONGODB_URL: wrong password'],
    [new TypeError('what?'), 'MONGODB_URL: the documents store at http://server cannot be opened: what?'],
  ])('continues without a store that is not essential until it can be opened: %s', async (error, message) => {
    const { server, options } = aServer();
    server.problem = error;
    const lines: { level: number; msg: string }[] = [];
    const written = createLogger('warn', 'test', { write: (line) => void lines.push(JSON.parse(line)) });
    const away: string[] = [];
    const onAway = (_: string, problem: string) => away.push(problem);
    const handle = await openNowOrLater({ ...options, essential: false, logger: written, onAway });
    expect(away).toEqual([message]);
    expect(lines).toMatchObject([{ level: 50, msg: message }]);
    await expect(handle.use()).rejects.toThrow(StoreUnavailableError);
    server.problem = undefined;
    await waitFor(async () => (await (await handle.use()).read('1')) === 'document 1');
    expect(lines).toHaveLength(1);
  });

  it('continues as unavailable if a setting turns out to be wrong only later', async () => {
    const { server, options } = aServer();
    server.problem = new StoreUnavailableError('documents');
    const handle = await openNowOrLater(options);
    server.problem = new UnfitServerError('QDRANT_API_KEY: refused');
    await waitFor(async () => {
      const error = await handle.use().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StoreUnavailableError);
      return (error as Error).cause instanceof ConfigError;
    });
    server.problem = undefined;
    await waitFor(async () => (await (await handle.use()).read('1')) === 'document 1');
  });
});
