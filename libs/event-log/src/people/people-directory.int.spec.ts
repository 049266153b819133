import {
  eventSubject,
  HEADER,
  newKeyId,
  newUserId,
  newWorkspaceId,
  workspaceIdOf,
  type Scope,
} from '@opensync/contracts';
import { Kvm } from '@nats-io/kv';
import { headers } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import {
  anOwner,
  onEachNatsServer,
  startTestNats,
  startTestNatsCluster,
  waitFor,
  type TestNats,
} from '@opensync/testkit';
import { connectLog, type LogConnection } from '../connection.ts';
import { KeyDirectory } from '../keys/key-directory.ts';
import { entryOf, hashOf, newKey, SECRET_ENTRY, secretEntrySchema } from '../keys/records.ts';
import { LONGEST_UNCONFIRMED_MS } from '../live-copy.ts';
import { reconcileTopology } from '../topology/reconcile.ts';
import {
  addMember,
  addUser,
  addUserTo,
  provideMember,
  removeMember,
  removeUser,
  renameWorkspace,
  setRole,
} from './decisions.ts';

const PATIENCE = { timeoutMs: 60_000 };

onEachNatsServer(({ program }) => {
  describe('users and memberships on the log', () => {
    let server: TestNats;
    let nc: LogConnection;
    let open: KeyDirectory[];
    const gateway = async (options: Parameters<typeof KeyDirectory.open>[1] = {}) => {
      const keys = await KeyDirectory.open(nc, options);
      open.push(keys);
      await keys.ready();
      return keys;
    };
    beforeEach(async () => {
      open = [];
      server = await startTestNats({ program: program() });
      nc = await connectLog({ servers: server.url, name: 'test' });
      await reconcileTopology(nc, { replicas: 1 });
    });
    afterEach(async () => {
      await Promise.all(open.map((keys) => keys.close()));
      await nc.close();
      await server.stop();
    });

    /** As versions without users stored it: no event, and an id derived from the address. */
    const keyOfEarlierVersion = async (keys: KeyDirectory, email: string, scopes: readonly Scope[]) => {
      const key = newKey();
      const bucket = await new Kvm(nc).open('apikeys');
      const { secret } = secretEntrySchema.parse((await bucket.get(SECRET_ENTRY))!.json());
      const record = { id: newKeyId(), prefix: key.slice(0, 12), name: 'old', email, owner: anOwner(email), scopes };
      await bucket.create(entryOf(hashOf(key, secret!)), JSON.stringify({ ...record, createdAt: Date.now() }));
      await waitFor(() => keys.find(key), PATIENCE);
      return { key, record };
    };
    const ids = () => ({ userId: newUserId(), workspaceId: newWorkspaceId() });
    const ada = { email: 'ada@example.com', name: 'laptop' };
    const bob = { email: 'bob@example.com', name: 'laptop' };

    it('give a key the role of its user, in each gateway as soon as it changes', async () => {
      const [here, there] = [await gateway(), await gateway()];
      await here.create(ada);
      const { key } = await here.create(bob);
      await waitFor(async () => (await there.authenticate(key))?.role === 'member', PATIENCE);
      await here.people.change(setRole('default', bob.email, 'analyst'));
      expect((await here.authenticate(key))?.role).toBe('analyst');
      await waitFor(async () => (await there.authenticate(key))?.role === 'analyst', PATIENCE);
      await there.people.change(removeMember('default', bob.email));
      expect(await there.authenticate(key)).toBeUndefined();
      await waitFor(async () => (await here.authenticate(key)) === undefined, PATIENCE);
      await expect(here.create(bob)).rejects.toMatchObject({ code: 'CONFLICT' });
    });

    it('are the same after a restart, read from the last event of each subject', async () => {
      const before = await gateway();
      await before.create(ada);
      for (const role of ['viewer', 'analyst', 'admin', 'member'] as const) {
        await before.people.change(
          role === 'viewer' ? provideMember(bob.email, 'default', ids()) : setRole('default', bob.email, role),
        );
      }
      await before.people.change(addUser({ userId: newUserId(), email: 'eve@example.com', name: 'Eve' }));
      await server.restart();
      const after = await waitFor(() => gateway(), PATIENCE);
      expect(after.people.people.users()).toEqual(before.people.people.users());
      expect(after.people.people.workspaces()).toEqual(before.people.people.workspaces());
      const emails = after.people.people.users().map(({ email, name }) => [email, name]);
      expect(emails).toEqual([
        [ada.email, undefined],
        [bob.email, undefined],
        ['eve@example.com', 'Eve'],
      ]);
    });

    it('create one user if many gateways see an address for the first time at once', async () => {
      const gateways = await Promise.all([gateway(), gateway(), gateway(), gateway()]);
      const made = await Promise.all(gateways.map((keys) => keys.create(ada)));
      expect(new Set(made.map(({ record }) => record.owner.userId)).size).toBe(1);
      for (const keys of gateways) {
        await waitFor(() => keys.people.people.users().length === 1, PATIENCE);
        for (const { key } of made)
          expect(await waitFor(() => keys.authenticate(key), PATIENCE)).toMatchObject({ role: 'owner' });
      }
    });

    it("keep one owner if two remove each other's role at the same moment", async () => {
      const [here, there] = [await gateway(), await gateway()];
      await here.create(ada);
      await here.create(bob);
      await here.people.change(setRole('default', bob.email, 'owner'));
      await waitFor(() => there.people.people.sequence === here.people.people.sequence, PATIENCE);
      const outcomes = await Promise.allSettled([
        here.people.change(setRole('default', ada.email, 'member')),
        there.people.change(setRole('default', bob.email, 'member')),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const refused = outcomes.find((outcome) => outcome.status === 'rejected')!;
      expect(refused.reason).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('last owner') });
    });

    it('work next to unreadable events of a newer version', async () => {
      const keys = await gateway();
      await keys.create(ada);
      const newer = headers();
      newer.set(HEADER.type, 'dev.opensync.user.put.v9');
      await jetstream(nc).publish('osk.events._.usr_1.user', '{}', { headers: newer });
      await keys.people.change(provideMember(bob.email, 'default', ids()));
      expect(keys.people.people.users()).toHaveLength(2);
    });

    it('reject everybody once they could not be compared with the log for too long', async () => {
      let time = Date.now();
      const keys = await gateway({ now: () => time, confirmEveryMs: 20 });
      const { key } = await keys.create(ada);
      time += LONGEST_UNCONFIRMED_MS + 1;
      await waitFor(() => keys.isCurrent, PATIENCE);
      // The keys can still be compared; their users cannot.
      await (await jetstreamManager(nc)).streams.delete('EVENTS');
      time += LONGEST_UNCONFIRMED_MS + 1;
      await expect(keys.authenticate(key)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(keys.people.change(addMember('default', ada.email))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });

    it('are stored without anything of a key, and in subjects of the workspace and user alone', async () => {
      const keys = await gateway();
      const { key, record } = await keys.create({ ...ada, scopes: ['admin'] });
      await keys.revoke(record.id);
      const batch = await (await jetstreamManager(nc)).direct.getBatch('EVENTS', { seq: 1, batch: 100 });
      const stored: [string, string][] = [];
      for await (const message of batch) {
        stored.push([message.subject, message.header.get(HEADER.type)]);
        const text = message.subject + message.string() + JSON.stringify([...message.header]);
        for (const part of [key, key.slice(4, 12), record.prefix]) expect(text).not.toContain(part);
      }
      const { workspaceId, userId } = record.owner;
      expect(stored).toEqual([
        [`osk.events._.${userId}.user`, 'dev.opensync.user.put.v1'],
        [`osk.events.${workspaceId}.${userId}.user`, 'dev.opensync.membership.put.v1'],
        [`osk.events.${workspaceId}.${userId}.apikey`, 'dev.opensync.apikey.created.v1'],
        [`osk.events.${workspaceId}.${userId}.apikey`, 'dev.opensync.apikey.revoked.v1'],
      ]);
    });

    it('are found by sessions that only the log has, of an address whose keys are lost', async () => {
      const owner = anOwner(ada.email);
      await jetstream(nc).publish(eventSubject(owner, 'session'), '{}');
      const keys = await gateway();
      expect((await keys.create({ ...ada, email: 'Ada@Example.com' })).record.owner).toEqual(owner);
      expect((await keys.create(bob)).record.owner.userId).not.toBe(anOwner(bob.email).userId);
      // A free address may belong to somebody else.
      await keys.people.change(setRole('default', bob.email, 'owner'));
      await keys.people.change(removeUser(ada.email));
      expect((await keys.create(ada)).record.owner.userId).not.toBe(owner.userId);
    });

    it('are not derived from keys if the log has lost them', async () => {
      const keys = await gateway();
      const { key, record } = await keys.create({ ...ada, scopes: ['admin'] });
      await (await jetstreamManager(nc)).streams.purge('EVENTS');
      const later = await gateway();
      expect(await later.authenticate(key)).toBeUndefined();
      const user = { userId: record.owner.userId, email: ada.email };
      await later.people.change(addUserTo('default', user));
      expect(await later.authenticate(key)).toMatchObject({ ...record.owner, role: 'owner' });
    });

    it('grant no access by keys alone while an event of a newer version decides about the role', async () => {
      const keys = await gateway();
      const former = await keyOfEarlierVersion(keys, ada.email, ['admin']);
      await waitFor(() => keys.authenticate(former.key), PATIENCE);
      const said = await keys.create(bob);
      for (const { key, record } of [former, said]) {
        const { workspaceId, userId } = record.owner;
        const newer = headers();
        newer.set(HEADER.id, newUserId());
        newer.set(HEADER.type, 'dev.opensync.membership.put.v1');
        const body = JSON.stringify({ workspaceId, userId, role: 'auditor' });
        await jetstream(nc).publish(`osk.events.${workspaceId}.${userId}.user`, body, { headers: newer });
        for (const each of [keys, await gateway()]) {
          await waitFor(() => each.people.people.isUnreadable(record.owner), PATIENCE);
          await expect(each.authenticate(key)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
        }
      }
    });

    it('get a role only from valid keys if only keys name them', async () => {
      const keys = await gateway();
      const admin = await keyOfEarlierVersion(keys, ada.email, ['admin']);
      const plain = await keyOfEarlierVersion(keys, ada.email, ['read']);
      const roles = async () => [admin, plain].map(({ record }) => keys.people.people.roleOf(record.owner));
      await waitFor(() => keys.count() === 2, PATIENCE);
      expect(await roles()).toEqual(['owner', 'owner']);
      await keys.revoke(admin.record.id);
      expect(await roles()).toEqual(['member', 'member']);
      // A key that is created now does not change the role either.
      const again = await keys.create({ ...ada, scopes: ['admin'] });
      expect(again.record.owner).toEqual(plain.record.owner);
      expect((await keys.authenticate(plain.key))?.role).toBe('member');
    });

    it('belong to the workspace that each installation begins with, even if it was renamed', async () => {
      const keys = await gateway();
      const { record } = await keys.create(ada);
      await keys.people.change(renameWorkspace('default', 'acme'));
      expect((await keys.create(bob)).record.owner.workspaceId).toBe(record.owner.workspaceId);
      expect(keys.people.people.workspaces()).toHaveLength(1);
    });

    it('are found in a workspace whose sessions only the log has', async () => {
      const owner = anOwner(ada.email, 'research');
      await jetstream(nc).publish(eventSubject(owner, 'session'), '{}');
      const keys = await gateway();
      expect((await keys.create({ ...ada, workspace: 'research' })).record.owner).toEqual(owner);
      expect((await keys.create({ ...bob, workspace: 'research' })).record.owner.workspaceId).toBe(owner.workspaceId);
      expect((await keys.create({ ...bob, workspace: 'other' })).record.owner.workspaceId).not.toBe(
        workspaceIdOf('other'),
      );
    });

    it('include owners whom only keys of an earlier version name', async () => {
      const first = await gateway();
      const { key, record } = await keyOfEarlierVersion(first, ada.email, ['admin']);
      const later = await gateway();
      expect(await later.authenticate(key)).toEqual({
        ...record.owner,
        role: 'owner',
        scopes: ['admin'],
        keyId: record.id,
        keyHint: expect.any(String),
      });
      expect(later.people.people.users()).toEqual([{ userId: record.owner.userId, email: ada.email }]);
      const again = await later.create(ada);
      expect(again.record.owner).toEqual(record.owner);
      expect(await later.authenticate(again.key)).toMatchObject({ role: 'owner' });
    });
  });
});

it('users and memberships are decided sequentially by a cluster, whichever node each gateway uses', async () => {
  await using cluster = await startTestNatsCluster(3);
  const connections = await Promise.all(cluster.nodes.map(({ url }) => connectLog({ servers: url, name: 'test' })));
  await waitFor(() => reconcileTopology(connections[0]!, { replicas: 3 }), PATIENCE);
  const gateways = await Promise.all(connections.map((nc) => waitFor(() => KeyDirectory.open(nc), PATIENCE)));
  try {
    for (const keys of gateways) await keys.ready();
    const made = await Promise.all(gateways.map((keys) => keys.create({ email: 'ada@example.com', name: 'laptop' })));
    expect(new Set(made.map(({ record }) => record.owner.userId)).size).toBe(1);
    for (const keys of gateways) {
      for (const { key } of made)
        expect(await waitFor(() => keys.authenticate(key), PATIENCE)).toMatchObject({ role: 'owner' });
    }
    await gateways[0]!.create({ email: 'bob@example.com', name: 'laptop' });
    await gateways[1]!.people.change(setRole('default', 'bob@example.com', 'owner'));
    const outcomes = await Promise.allSettled([
      gateways[0]!.people.change(setRole('default', 'ada@example.com', 'member')),
      gateways[2]!.people.change(setRole('default', 'bob@example.com', 'member')),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  } finally {
    await Promise.all(gateways.map((keys) => keys.close()));
    await Promise.all(connections.map((nc) => nc.close()));
  }
}, 180_000);
