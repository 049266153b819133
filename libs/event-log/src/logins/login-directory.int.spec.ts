import { Kvm } from '@nats-io/kv';
import type { Owner } from '@opensync/contracts';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { KeyDirectory } from '../keys/index.ts';
import { LONGEST_UNCONFIRMED_MS } from '../live-copy.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { LINK_LIFETIME_MS, LoginDirectory, OPERATOR_LOGIN_MS, TOUCHED_EVERY_MS } from './login-directory.ts';
import { hashOfToken, loginEntry } from './records.ts';

const HOUR = 60 * 60_000;
const LIMITS = { idleMs: HOUR, lifetimeMs: 10 * HOUR };

describe('LoginDirectory', () => {
  let server: TestNats;
  let nc: LogConnection;
  let keys: KeyDirectory;
  let open: LoginDirectory[];
  let ada: { key: string; keyId: string; owner: Owner };
  /** By which logins end, and by which the copy of the bucket ages. */
  const clock = { ms: 0, copyMs: 0 };
  const directory = async (limits = LIMITS) => {
    const logins = await LoginDirectory.open(nc, keys, {
      limits,
      clock: () => clock.ms,
      now: () => clock.copyMs,
    });
    open.push(logins);
    await logins.ready();
    return logins;
  };
  beforeEach(async () => {
    clock.ms = clock.copyMs = Date.now();
    open = [];
    server = await startTestNats();
    nc = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
    keys = await KeyDirectory.open(nc);
    await keys.ready();
    const { key, record } = await keys.create({ email: 'ada@example.com', name: 'laptop', scopes: ['read'] });
    ada = { key, keyId: record.id, owner: record.owner };
  });
  afterEach(async () => {
    await Promise.all(open.map((logins) => logins.close()));
    await keys.close();
    await nc.close();
    await server.stop();
  });

  it('logs a member in, here and in other directories, with what their role allows', async () => {
    const [here, there] = [await directory(), await directory()];
    const { token, record } = await here.create({ owner: ada.owner, means: 'link' });
    const principal = { ...ada.owner, role: 'owner', scopes: ['admin'], keyId: record.id, loginId: record.id };
    expect(here.authenticate(token)).toEqual(principal);
    expect(await waitFor(() => there.authenticate(token))).toEqual(principal);
    for (const wrong of ['', token.slice(1), `${token}x`, record.id, hashOfToken(token)]) {
      expect(here.authenticate(wrong)).toBeUndefined();
    }
  });

  it('stores no token', async () => {
    const logins = await directory();
    const { token } = await logins.create({ owner: ada.owner, means: 'link' });
    const link = await logins.createLink(ada.owner);
    const bucket = await new Kvm(nc).open('logins');
    const stored: string[] = [];
    for await (const key of await bucket.keys()) stored.push(key, (await bucket.get(key))!.string());
    expect(stored).toHaveLength(4);
    expect(stored.join()).not.toContain(token);
    expect(stored.join()).not.toContain(link.token);
  });

  it('lets a login with a key do what the key may do, for as long as the key is valid', async () => {
    const logins = await directory();
    const { token } = await logins.create({ owner: ada.owner, means: 'key', keyId: ada.keyId });
    expect(logins.authenticate(token)).toMatchObject({ scopes: ['read'] });
    await keys.revoke(ada.keyId);
    expect(logins.authenticate(token)).toBeUndefined();
  });

  it('ends a login everywhere, within a second, and for good', async () => {
    const [here, there] = [await directory(), await directory()];
    const { token } = await here.create({ owner: ada.owner, means: 'link' });
    await waitFor(() => there.authenticate(token));
    expect(await here.end(token)).toBe(true);
    const endedAt = performance.now();
    expect(here.authenticate(token)).toBeUndefined();
    await waitFor(() => there.authenticate(token) === undefined);
    expect(performance.now() - endedAt).toBeLessThan(1000);
    expect(await here.end(token)).toBe(false);
    expect((await directory()).authenticate(token)).toBeUndefined();
  });

  it('does not bring an ended login back when its use is written at the same time', async () => {
    const [here, there] = [await directory(), await directory()];
    const { token, record } = await here.create({ owner: ada.owner, means: 'link' });
    await waitFor(() => there.authenticate(token));
    await here.end(token);
    // Has not heard of it yet, at best.
    clock.ms += TOUCHED_EVERY_MS;
    there.authenticate(token);
    const bucket = await new Kvm(nc).open('logins');
    await waitFor(() => there.authenticate(token) === undefined);
    await there.createLink(record.owner);
    expect((await bucket.get(loginEntry(hashOfToken(token))))?.operation).toBe('DEL');
  });

  it('writes the use of a login every five minutes at most', async () => {
    const logins = await directory();
    const { token } = await logins.create({ owner: ada.owner, means: 'link' });
    const bucket = await new Kvm(nc).open('logins');
    const entry = loginEntry(hashOfToken(token));
    const { revision } = (await bucket.get(entry))!;
    clock.ms += TOUCHED_EVERY_MS - 1;
    logins.authenticate(token);
    clock.ms += 1;
    for (let use = 0; use < 10; use++) logins.authenticate(token, { isUse: false });
    expect(logins.list(ada.owner)[0]!.usedAt).toBe(clock.ms - TOUCHED_EVERY_MS);
    for (let use = 0; use < 10; use++) logins.authenticate(token);
    const used = await waitFor(async () => {
      const stored = (await bucket.get(entry))!;
      return stored.revision > revision && stored;
    });
    expect([used.revision, used.json<{ usedAt: number }>().usedAt]).toEqual([revision + 1, clock.ms]);
  });

  it('ends a login that is not used, and any login at its end', async () => {
    const logins = await directory();
    const idle = await logins.create({ owner: ada.owner, means: 'link' });
    const used = await logins.create({ owner: ada.owner, means: 'link' });
    const endsAt = clock.ms + LIMITS.lifetimeMs;
    while (clock.ms + HOUR / 2 < endsAt) {
      clock.ms += HOUR / 2;
      expect(logins.authenticate(used.token)).toBeDefined();
    }
    expect(logins.authenticate(idle.token)).toBeUndefined();
    clock.ms = endsAt;
    expect(logins.authenticate(used.token)).toBeUndefined();
    expect(logins.list(ada.owner)).toEqual([]);
  });

  it('keeps twenty logins of a person: another one ends the one that was used least recently', async () => {
    const logins = await directory();
    const tokens: string[] = [];
    for (let count = 0; count < 21; count++) {
      clock.ms++;
      tokens.push((await logins.create({ owner: ada.owner, means: 'link' })).token);
    }
    expect(tokens.map((token) => logins.authenticate(token) !== undefined)).toEqual([false, ...Array(20).fill(true)]);
  });

  it('ends one login of a person, or all of them, and nobody else’s', async () => {
    const logins = await directory();
    const bob = (await keys.create({ email: 'bob@example.com', name: 'laptop' })).record.owner;
    const [one, other] = [
      await logins.create({ owner: ada.owner, means: 'link' }),
      await logins.create({ owner: ada.owner, means: 'link' }),
    ];
    const of = await logins.create({ owner: bob, means: 'link' });
    expect(await logins.endOf({ userId: bob.userId }, one.record.id)).toBe(0);
    expect(await logins.endOf({ userId: ada.owner.userId }, one.record.id)).toBe(1);
    expect([one, other].map(({ token }) => logins.authenticate(token) !== undefined)).toEqual([false, true]);
    expect(await logins.endOf(ada.owner)).toBe(1);
    expect(logins.authenticate(of.token)).toMatchObject(bob);
  });

  it('gives nobody access once the bucket was silent for too long', async () => {
    const logins = await directory();
    const { token } = await logins.create({ owner: ada.owner, means: 'link' });
    await server.kill();
    clock.copyMs += LONGEST_UNCONFIRMED_MS - 1;
    expect(logins.authenticate(token)).toBeDefined();
    clock.copyMs += 2;
    expect(() => logins.authenticate(token)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
    await expect(logins.useLink(token)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  describe('a link', () => {
    it('logs in once, whichever process is asked, and however many ask at once', async () => {
      const [here, there] = [await directory(), await directory()];
      const { token } = await here.createLink(ada.owner);
      const other = await here.createLink(ada.owner);
      // It is behind the first one.
      await waitFor(() => there.useLink(other.token));
      const used = await Promise.all([here, there, here, there].map((logins) => logins.useLink(token)));
      expect(used.filter(Boolean)).toEqual([{ owner: ada.owner, isOperator: false }]);
      for (const wrong of ['', token, `${token}x`, other.token]) expect(await here.useLink(wrong)).toBeUndefined();
    });

    it('of an operator begins a login that operates the server for a while, and then lasts without that', async () => {
      const logins = await directory({ idleMs: 24 * HOUR, lifetimeMs: 48 * HOUR });
      const { token: link } = await logins.createLink(ada.owner, { isOperator: true });
      const { token } = await logins.create({ ...(await logins.useLink(link))!, means: 'link' });
      clock.ms += OPERATOR_LOGIN_MS - 1;
      expect(logins.authenticate(token)?.scopes).toEqual(['admin', 'operator']);
      clock.ms += 1;
      expect(logins.authenticate(token)?.scopes).toEqual(['admin']);
    });

    it('expires', async () => {
      const logins = await directory();
      const { token } = await logins.createLink(ada.owner);
      clock.ms += LINK_LIFETIME_MS;
      expect(await logins.useLink(token)).toBeUndefined();
    });
  });

  it('operates the server for no longer than a login may, whatever its record says', async () => {
    const logins = await directory();
    const { token } = await logins.create({ owner: ada.owner, means: 'link', isOperator: true });
    const bucket = await new Kvm(nc).open('logins', { allow_direct: false });
    const entry = loginEntry(hashOfToken(token));
    const stored = (await bucket.get(entry))!.json<{ createdAt: number }>();
    const write = async (change: object) => {
      await bucket.put(entry, JSON.stringify({ ...stored, ...change, endsAt: 10 ** 15, usedAt: 10 ** 15 }));
      const other = await directory();
      return other.authenticate(token)?.scopes;
    };
    expect(await write({ operatorUntil: 10 ** 15 })).toEqual(['admin', 'operator']);
    clock.ms += OPERATOR_LOGIN_MS + 1;
    expect(await write({ operatorUntil: 10 ** 15 })).toEqual(['admin']);
    expect(await write({ operatorUntil: 10 ** 15, createdAt: clock.ms + HOUR })).toEqual(['admin']);
  });
});
