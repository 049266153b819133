import { createLogger } from '@opensync/platform';
import { anOwner, startTestNats } from '@opensync/testkit';
import { connectLog } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { KeyDirectory } from './key-directory.ts';
import { provideFirstKeys, provideGivenKey, warnWithoutKeys, type FirstKeys } from './open-keys.ts';

const KEY = 'osk_given-by-the-operator-0123456789';
const settings = {
  OPENSYNC_KEY_SECRET: undefined,
  OPENSYNC_BOOTSTRAP_KEY: KEY,
  OPENSYNC_BOOTSTRAP_EMAIL: 'ada@example.com',
};

describe('the first key', () => {
  /** A directory on its own server, and its log lines. */
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
      // A warning whenever the key grants no access, and never containing the key.
      const problem = found?.problem;
      expect(log.map((line): unknown => JSON.parse(line))).toEqual(
        problem === undefined
          ? []
          : [expect.objectContaining({ problem, msg: 'OPENSYNC_BOOTSTRAP_KEY gives no access' })],
      );
      expect(log.join()).not.toContain(KEY);
      return found;
    };
    await test(keys, given);
    await keys.close();
    await nc.close();
  }

  it('is the given one, which stays known, and does not come back once it is revoked', async () => {
    await withKeys(async (keys, given) => {
      expect(await given()).toEqual({ isNew: true, isAdmin: true });
      // An installation that lost its log but has its stores finds the sessions of this user again.
      expect(await keys.authenticate(KEY)).toMatchObject({
        ...anOwner('ada@example.com'),
        scopes: ['admin'],
        role: 'owner',
      });
      const keep = () => Promise.reject(new Error('there is a key'));
      expect(await provideFirstKeys(keys, settings, keep)).toBeUndefined();
      expect(await given()).toEqual({ isNew: false, isAdmin: true });
      await keys.revoke(keys.find(KEY)!.id);
      expect(await given()).toEqual({ isNew: false, isAdmin: true, problem: 'was revoked' });
      expect(await keys.authenticate(KEY)).toBeUndefined();
    });
  });

  it.each(['osk_123456789012', `osk_${'k'.repeat(27)}`])(
    'is rejected if it is new and could be guessed: %s',
    async (key) => {
      await withKeys(async (keys) => {
        const logger = createLogger('silent', 'test');
        const short = { ...settings, OPENSYNC_BOOTSTRAP_KEY: key };
        await expect(provideGivenKey(keys, short, logger)).rejects.toMatchObject({
          name: 'ConfigError',
          message: expect.stringMatching(
            /^OPENSYNC_BOOTSTRAP_KEY: .* shorter than 32 characters.*openssl rand -hex 32/,
          ),
        });
        expect(keys.count()).toBe(0);
        // As an earlier version created it.
        await keys.create({ email: settings.OPENSYNC_BOOTSTRAP_EMAIL, name: 'first key', scopes: ['admin'], key });
        expect(await provideGivenKey(keys, short, logger)).toEqual({ isNew: false, isAdmin: true });
        expect(await keys.authenticate(key)).toMatchObject({ role: 'owner' });
      });
    },
  );

  it('stays the first one: a key that is given later is not created', async () => {
    await withKeys(async (keys, given) => {
      await provideFirstKeys(keys, settings, async () => true);
      expect((await given())?.problem).toMatch(/does not match any API key/);
      expect(await keys.authenticate(KEY)).toBeUndefined();
    });
  });

  it('is one for plugins, which neither deletes nor administers, and one of an admin, of the same user', async () => {
    await withKeys(async (keys) => {
      let kept: FirstKeys | undefined;
      const made = await provideFirstKeys(keys, settings, async (first) => {
        // A start that ends here must not leave keys that nobody has.
        expect(keys.count()).toBe(0);
        kept = first;
        return true;
      });
      expect(kept).toEqual(made);
      const owner = { ...anOwner('ada@example.com'), role: 'owner' };
      expect(await keys.authenticate(made!.plugin)).toMatchObject({ ...owner, scopes: ['ingest', 'read'] });
      expect(await keys.authenticate(made!.admin)).toMatchObject({ ...owner, scopes: ['admin'] });
    });
  });

  it('is not created if it could not be kept', async () => {
    await withKeys(async (keys) => {
      expect(await provideFirstKeys(keys, settings, async () => false)).toBeUndefined();
      expect(keys.count()).toBe(0);
    });
  });

  it('is asked for in the log of a service that cannot create one', async () => {
    await withKeys(async (keys, given) => {
      const log: string[] = [];
      const logger = createLogger('warn', 'test', { write: (line) => void log.push(line) });
      warnWithoutKeys(keys, logger);
      expect(log.join()).toMatch(/opensync keys create --user EMAIL .*docker compose run --rm cli keys create /);
      log.length = 0;
      await given();
      warnWithoutKeys(keys, logger);
      expect(log).toEqual([]);
    });
  });
});
