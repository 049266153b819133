import { createLogger } from '@opensync/platform';
import { startTestNats } from '@opensync/testkit';
import { connectLog } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { KeyDirectory } from './key-directory.ts';
import { provideFirstKey, provideGivenKey } from './open-keys.ts';

const KEY = 'osk_given-by-the-operator';
const settings = {
  OPENSYNC_KEY_SECRET: undefined,
  OPENSYNC_BOOTSTRAP_KEY: KEY,
  OPENSYNC_BOOTSTRAP_EMAIL: 'ada@example.com',
};

describe('the first key', () => {
  /** A directory on a server of its own, and what was logged. */
  async function withKeys(
    test: (keys: KeyDirectory, given: () => ReturnType<typeof provideGivenKey>) => Promise<void>,
  ) {
    await using server = await startTestNats();
    const nc = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
    const keys = await KeyDirectory.open(nc);
    await keys.ready();
    const log: string[] = [];
    const logger = createLogger('warn', 'test', { write: (line) => void log.push(line) });
    const given = async () => {
      log.length = 0;
      const found = await provideGivenKey(keys, settings, logger);
      // A warning whenever it lets nobody in, and never with the key.
      expect(log).toEqual(
        found?.problem === undefined
          ? []
          : [expect.stringContaining(`OPENSYNC_BOOTSTRAP_KEY gives no access: it ${found.problem}`)],
      );
      expect(log.join()).not.toContain(KEY);
      return found;
    };
    await test(keys, given);
    await keys.close();
    await nc.close();
  }

  it('is the given one, which is known from then on, and does not come back once it is revoked', async () => {
    await withKeys(async (keys, given) => {
      expect(await given()).toEqual({ isNew: true });
      expect((await keys.authenticate(KEY))?.scopes).toEqual(['admin']);
      expect(await provideFirstKey(keys, settings)).toBeUndefined();
      expect(await given()).toEqual({ isNew: false });
      await keys.revoke(keys.find(KEY)!.id);
      expect(await given()).toEqual({ isNew: false, problem: 'was revoked' });
      expect(await keys.authenticate(KEY)).toBeUndefined();
    });
  });

  it('stays the first one: a key that is given later becomes none', async () => {
    await withKeys(async (keys, given) => {
      const first = await provideFirstKey(keys, settings);
      expect((await keys.authenticate(first!))?.scopes).toEqual(['admin']);
      expect((await given())?.problem).toMatch(/none of the keys/);
      expect(await keys.authenticate(KEY)).toBeUndefined();
    });
  });
});
