import { isDeepStrictEqual } from 'node:util';
import { HEADER, OPERATOR_KEY_MS, workspaceIdOf } from '@opensync/contracts';
import { DiscardPolicy, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { headers } from '@nats-io/transport-node';
import { startTestNats, waitFor, type TestNats } from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import { LONGEST_UNCONFIRMED_MS } from '../live-copy.ts';
import { createOrRestrict } from './entries.ts';
import { KeyDirectory, type KeyDirectoryOptions } from './key-directory.ts';

describe('KeyDirectory', () => {
  let server: TestNats;
  let nc: LogConnection;
  let open: KeyDirectory[];
  const directory = async (secret?: string, options: KeyDirectoryOptions = {}) => {
    const keys = await KeyDirectory.open(nc, { ...options, secret });
    open.push(keys);
    await keys.ready();
    return keys;
  };
  beforeEach(async () => {
    open = [];
    server = await startTestNats();
    nc = await connectLog({ servers: server.url, name: 'test' });
    await reconcileTopology(nc, { replicas: 1 });
  });
  afterEach(async () => {
    await Promise.all(open.map((keys) => keys.close()));
    await nc.close();
    await server.stop();
  });

  it('creates a key that works at once, here and in other directories', async () => {
    const [here, there] = [await directory(), await directory()];
    const { key, record } = await here.create({ email: 'Ada@Example.com', name: 'laptop' });
    expect(key).toMatch(/^osk_[A-Za-z0-9_-]{43}$/);
    const principal = {
      ...record.owner,
      role: 'owner',
      scopes: ['ingest', 'read'],
      keyId: record.id,
      keyHint: record.prefix,
    };
    expect(await here.authenticate(key)).toEqual(principal);
    expect(await waitFor(() => there.authenticate(key))).toEqual(principal);
    expect(there.list()).toEqual([record]);
    expect(record.owner.workspaceId).toBe(workspaceIdOf('default'));
    expect(record.owner.userId).toMatch(/^usr_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(record).toMatchObject({ prefix: `…${key.slice(-4)}`, name: 'laptop', email: 'Ada@Example.com' });
  });

  it('creates one user per e-mail address, who may be in several workspaces', async () => {
    const keys = await directory();
    const owners = await Promise.all(
      [
        { email: 'ada@example.com' },
        { email: ' ADA@example.com' },
        { email: 'bob@example.com' },
        { email: 'ada@example.com', workspace: 'other' },
      ].map(async (who) => (await keys.create({ name: 'a key', ...who })).record.owner),
    );
    expect(new Set(owners.map(({ userId }) => userId)).size).toBe(2);
    expect(owners[1]).toEqual(owners[0]);
    expect(owners[3]!.userId).toBe(owners[0]!.userId);
    expect(owners[3]!.workspaceId).not.toBe(owners[0]!.workspaceId);
    expect(keys.count()).toBe(4);
  });

  it('recognises no key that it never created', async () => {
    const keys = await directory();
    const { key } = await keys.create({ email: 'ada@example.com', name: 'a key' });
    for (const wrong of ['', 'osk_', key.slice(0, -1), `${key}x`, key.toUpperCase(), '__proto__', '\u0000']) {
      expect(await keys.authenticate(wrong)).toBeUndefined();
    }
  });

  it('rejects a revoked key in every directory', async () => {
    const [here, there] = [await directory(), await directory()];
    const { key, record } = await here.create({ email: 'ada@example.com', name: 'a key' });
    await waitFor(() => there.authenticate(key));
    const revoked = await here.revoke(record.id);
    expect(revoked).toMatchObject({ id: record.id, revokedAt: expect.any(Number) });
    expect(await here.authenticate(key)).toBeUndefined();
    await waitFor(async () => (await there.authenticate(key)) === undefined);
    // That the revocation is on the log, too, is a second write.
    await waitFor(() => isDeepStrictEqual(there.list(), [revoked]));
    expect(await here.revoke('key_unknown')).toBeUndefined();
  });

  it('revokes a key while the log rejects events, and adds the event when the revocation is repeated', async () => {
    const [here, there] = [await directory(), await directory()];
    const { key, record } = await here.create({ email: 'ada@example.com', name: 'a key' });
    await waitFor(() => there.authenticate(key), { timeoutMs: 60_000 });
    const { streams } = await jetstreamManager(nc);
    const { config, state } = await streams.info('EVENTS');
    // Like a log whose disk is full: stored messages stay readable.
    await streams.update('EVENTS', { ...config, max_msgs: state.messages, discard: DiscardPolicy.New });
    await expect(here.revoke(record.id)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await here.authenticate(key)).toBeUndefined();
    await waitFor(async () => (await there.authenticate(key)) === undefined, { timeoutMs: 60_000 });
    await expect(there.revoke(record.id)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await streams.update('EVENTS', config);
    const revoked = await there.revoke(record.id);
    expect(revoked!.revokedAt).toBe(here.list()[0]!.revokedAt);
    const last = async () => (await streams.getMessage('EVENTS', { last_by_subj: 'osk.events.*.*.apikey' }))!;
    expect((await last()).header.get(HEADER.type)).toBe('dev.opensync.apikey.revoked.v1');
    // Not a second time.
    const { seq } = await last();
    await there.revoke(record.id);
    expect((await last()).seq).toBe(seq);
  });

  it('receives a revocation also after the server was killed and restarted', async () => {
    const [here, there] = [await directory(), await directory()];
    const { key, record } = await here.create({ email: 'ada@example.com', name: 'a key' });
    await waitFor(() => there.authenticate(key));
    await server.restart();
    await waitFor(() => here.revoke(record.id), { timeoutMs: 15_000 });
    await waitFor(async () => (await there.authenticate(key)) === undefined, { timeoutMs: 15_000 });
  });

  it('rejects all keys once the server was unreachable for too long, and says that the key is not at fault', async () => {
    let time = Date.now();
    const keys = await directory(undefined, { now: () => time });
    const { key } = await keys.create({ email: 'ada@example.com', name: 'a key' });
    await server.kill();
    time += LONGEST_UNCONFIRMED_MS - 60_000;
    expect([keys.isCurrent, (await keys.authenticate(key))?.scopes]).toEqual([true, ['ingest', 'read']]);
    time += 60_001;
    expect(keys.isCurrent).toBe(false);
    for (const any of [key, 'osk_unknown']) {
      await expect(keys.authenticate(any)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
    await server.restart();
    await waitFor(() => keys.isCurrent, { timeoutMs: 15_000 });
    expect((await keys.authenticate(key))?.scopes).toEqual(['ingest', 'read']);
  });

  it('compares its copy with the bucket as long as it can, even if nothing changes', async () => {
    let time = Date.now();
    const keys = await directory(undefined, { now: () => time, confirmEveryMs: 20 });
    const { key } = await keys.create({ email: 'ada@example.com', name: 'a key' });
    time += LONGEST_UNCONFIRMED_MS + 1;
    await waitFor(() => keys.isCurrent);
    expect(await keys.authenticate(key)).toBeDefined();
    // Without the bucket there is nothing to compare with, although the connection is up.
    await (await jetstreamManager(nc)).streams.delete('KV_apikeys');
    time += LONGEST_UNCONFIRMED_MS + 1;
    await expect(keys.authenticate(key)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('begins a new watch if the current one delivers nothing more', async () => {
    let time = Date.now();
    const [here, there] = [await directory(undefined, { now: () => time, confirmEveryMs: 20 }), await directory()];
    const { key, record } = await there.create({ email: 'ada@example.com', name: 'a key' });
    await waitFor(() => here.authenticate(key));
    // The watch is not notified of this end.
    const manager = await jetstreamManager(nc);
    const consumers = await Array.fromAsync(manager.consumers.list('KV_apikeys'));
    for (const { name } of consumers) await manager.consumers.delete('KV_apikeys', name);
    await there.revoke(record.id);
    time += LONGEST_UNCONFIRMED_MS + 1;
    await waitFor(async () => here.isCurrent && (await here.authenticate(key)) === undefined, { timeoutMs: 15_000 });
  });

  it('rejects a key after its expiry', async () => {
    const keys = await directory();
    const soon = Date.now() + 50;
    const { key } = await keys.create({ email: 'ada@example.com', name: 'short', expiresAt: soon });
    await waitFor(() => Date.now() > soon);
    expect(await keys.authenticate(key)).toBeUndefined();
    expect(keys.count()).toBe(1);
  });

  it('keeps its secret when the bucket is lost, so that keys that others create then are recognised here', async () => {
    const here = await directory();
    await (await jetstreamManager(nc)).streams.delete('KV_apikeys');
    await server.restart();
    await waitFor(() => reconcileTopology(nc, { replicas: 1 }), { timeoutMs: 15_000 });
    const bucket = await new Kvm(nc).open('apikeys');
    await waitFor(() => bucket.get('secret'), { timeoutMs: 15_000 });
    const there = await directory();
    const { key } = await there.create({ email: 'ada@example.com', name: 'a key' });
    await waitFor(() => here.authenticate(key), { timeoutMs: 15_000 });
  });

  it('gives keys that operate the server for a month at most', async () => {
    const keys = await directory();
    const wanted = { email: 'ada@example.com', name: 'a key', scopes: ['admin', 'operator'] as const };
    for (const expiresAt of [undefined, Date.now() + 2 * OPERATOR_KEY_MS]) {
      const made = keys.create({ ...wanted, ...(expiresAt !== undefined && { expiresAt }) });
      await expect(made).rejects.toThrow('A key with the scope operator must expire within 30 days; add --expires 8h');
    }
    const { key } = await keys.create({ ...wanted, expiresAt: Date.now() + OPERATOR_KEY_MS });
    expect((await keys.authenticate(key))?.scopes).toEqual(wanted.scopes);
  });

  it('stores a given key once, with the scopes of the first time', async () => {
    const keys = await directory();
    const given = { key: 'osk_given-by-the-operator', email: 'ada@example.com', name: 'first' };
    const first = await keys.create({ ...given, scopes: ['admin'] });
    const again = await keys.create({ ...given, name: 'second' });
    expect(again).toEqual(first);
    expect((await keys.authenticate(given.key))?.scopes).toEqual(['admin']);
  });

  it('keeps keys across restarts, hashed with one secret that all directories share', async () => {
    const [first, second] = await Promise.all([directory(), directory()]);
    const { key, record } = await first.create({ email: 'ada@example.com', name: 'a key' });
    await waitFor(() => second.authenticate(key));
    await Promise.all(open.splice(0).map((keys) => keys.close()));
    await server.restart();
    const later = await waitFor(() => directory(), { timeoutMs: 15_000 });
    expect((await later.authenticate(key))?.keyId).toBe(record.id);
  });

  it('never stores a key, nor a configured secret', async () => {
    const secret = 'a configured secret';
    const keys = await directory(secret);
    const { key } = await keys.create({ email: 'ada@example.com', name: 'a key' });
    const stream = await (await jetstreamManager(nc)).direct.getBatch('KV_apikeys', { seq: 1, batch: 10 });
    let stored = '';
    for await (const message of stream) stored += message.subject + message.string();
    expect(stored).toContain('ada@example.com');
    expect(stored).not.toContain(key);
    expect(stored).not.toContain(secret);
  });

  it('refuses to start with a different secret', async () => {
    await directory('the first secret');
    await expect(KeyDirectory.open(nc, { secret: 'another secret' })).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(/^OPENSYNC_KEY_SECRET: /),
    });
    await expect(KeyDirectory.open(nc)).rejects.toMatchObject({ name: 'ConfigError' });
  });

  it('fails closed: until all keys are loaded it answers UNAVAILABLE, not that a key is unknown', async () => {
    const { key } = await (await directory()).create({ email: 'ada@example.com', name: 'a key' });
    const keys = await KeyDirectory.open(nc);
    open.push(keys);
    await expect(keys.authenticate(key)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await keys.ready();
    expect(await keys.authenticate(key)).toBeDefined();
  });

  it('grants no access for an invalid record', async () => {
    const keys = await directory();
    const { key } = await keys.create({ email: 'ada@example.com', name: 'a key' });
    const manager = await jetstreamManager(nc);
    const { subject } = (await manager.direct.getMessage('KV_apikeys', { last_by_subj: '$KV.apikeys.key.>' }))!;
    await manager.jetstream().publish(subject, '{"id":"key_1","scopes":["root"]}');
    await waitFor(async () => (await keys.authenticate(key)) === undefined);
  });

  it('forgets a key that was revoked, which no import brings back', async () => {
    const [here, there] = [await directory(), await directory()];
    const { owner } = (await here.create({ email: 'ada@example.com', name: 'first' })).record;
    const { record } = await here.createFor({ owner, name: 'second', scopes: ['read'] });
    await here.forget(record.id);
    expect(here.listOf(owner).map(({ name }) => name)).toEqual(['first', 'second']);
    await here.revoke(record.id);
    await here.forget(record.id);
    await waitFor(() => there.count() === 1);
    for (const keys of [here, there]) {
      expect(keys.record(record.id)).toBeUndefined();
      for (const whose of [owner, { userId: owner.userId }, { workspaceId: owner.workspaceId }]) {
        expect(keys.listOf(whose).map(({ name }) => name)).toEqual(['first']);
      }
    }
    const bucket = await new Kvm(nc).open('apikeys', { allow_direct: false });
    const names: string[] = [];
    for await (const name of await bucket.history()) if (name.operation !== 'PUT') names.push(name.key);
    expect(names).toHaveLength(1);
    await createOrRestrict(bucket, names[0]!, record);
    expect((await bucket.get(names[0]!))?.operation).not.toBe('PUT');
  });

  it('loses no key to a message that nats-server was made to copy over it, and puts the key back', async () => {
    const [writer, reader] = [await directory(), await directory(undefined, { isReader: true })];
    const { key, record } = await writer.create({ email: 'ada@example.com', name: 'laptop' });
    await waitFor(() => reader.record(record.id));
    const bucket = await new Kvm(nc).open('apikeys', { allow_direct: false });
    let entry = '';
    for await (const name of await bucket.keys('key.>')) entry = name;
    const copied = headers();
    copied.set('Nats-Stream', 'EVENTS');
    nc.publish(`$KV.apikeys.${entry}`, '{}', { headers: copied });
    await waitFor(async () => isDeepStrictEqual((await bucket.get(entry))?.json(), record));
    for (const keys of [writer, reader]) expect(await keys.authenticate(key)).toBeDefined();
    expect(await (await directory()).authenticate(key)).toBeDefined();
  });
});
