import { comparableEmail, NONE, ownerKey, ROLES, userIdOf, workspaceIdOf, type StoredEvent } from '@opensync/contracts';
import fc from 'fast-check';
import {
  addMember,
  addUser,
  addUserTo,
  addWorkspace,
  addWorkspaceOf,
  changeUser,
  provideMember,
  removeMember,
  removeUser,
  renameWorkspace,
  setRole,
  userOf,
  workspacePut,
  type Decision,
} from './decisions.ts';
import { synchronizePerson } from './synchronized.ts';
import { People, type FormerOwner } from './people.ts';

const WORKSPACES = ['default', 'team', 'crew'];
const EMAILS = ['ada@example.com', 'bob@example.com', 'eve@example.com'];

/** Owners as keys of an earlier version name them: an e-mail address has a different id in each workspace. */
function formerOwner(email: string, workspace: string, isAdmin: boolean): FormerOwner {
  const workspaceId = workspaceIdOf(workspace);
  return { owner: { workspaceId, userId: userIdOf(workspaceId, email) }, email, isAdmin };
}

/** People, and the events that produced them. */
function record(former: readonly FormerOwner[] = []) {
  const people = new People(() => new Map(former.map((one) => [ownerKey(one.owner), one])));
  const events: StoredEvent[] = [];
  const run = (decide: Decision) => {
    for (const draft of decide(people)) {
      const event = { ...draft, id: 'id', time: 0, sequence: events.length + 1 } as StoredEvent;
      events.push(event);
      people.apply(event);
    }
  };
  return { people, events, run };
}

function seen(people: People): unknown {
  const users = people.users().map((user) => ({ ...user, memberships: people.membershipsOf(user.userId) }));
  const workspaces = people.workspaces().map((one) => ({ ...one, members: people.membersOf(one.workspaceId) }));
  return JSON.parse(
    JSON.stringify({
      users,
      workspaces: workspaces.map(({ members, ...one }) => ({ ...one, members: members.map(ownerKey).sort() })),
    }),
  );
}

const anEmail = fc.constantFrom(...EMAILS);
const aWorkspace = fc.constantFrom(...WORKSPACES);
const aRole = fc.constantFrom(...ROLES);
let made = 0;
const ids = () => ({ userId: `usr_${++made}`, workspaceId: `wsp_${made}` });
const aCommand: fc.Arbitrary<Decision> = fc.oneof(
  anEmail.map((email) => addUser({ ...ids(), email } as never)),
  fc.tuple(anEmail, anEmail).map(([user, email]) => changeUser(user, { email })),
  anEmail.map((user) => changeUser(user, { name: 'Someone' })),
  anEmail.map((user) => removeUser(user)),
  aWorkspace.map((name) => addWorkspace({ workspaceId: ids().workspaceId, name })),
  fc.tuple(aWorkspace, aWorkspace).map(([workspace, name]) => renameWorkspace(workspace, name)),
  fc.tuple(aWorkspace, anEmail, fc.option(aRole, { nil: undefined })).map((all) => addMember(...all)),
  fc.tuple(aWorkspace, anEmail, aRole).map((all) => setRole(...all)),
  fc.tuple(aWorkspace, anEmail).map((all) => removeMember(...all)),
  fc.tuple(anEmail, aWorkspace).map(([email, workspace]) => provideMember(email, workspace, ids())),
);
const someFormer = fc
  .array(fc.tuple(anEmail, aWorkspace, fc.boolean()), { maxLength: 4 })
  .map((all) => all.map((one) => formerOwner(...one)));

/** Runs commands; rejected ones change nothing. */
function runAll(world: ReturnType<typeof record>, commands: readonly Decision[], check?: () => void): void {
  for (const command of commands) {
    try {
      world.run(command);
    } catch (error) {
      expect((error as { code?: string }).code).toMatch(/^(CONFLICT|NOT_FOUND)$/);
    }
    check?.();
  }
}

describe('people', () => {
  it('keep an owner in each workspace that has had one, whatever commands run', () => {
    fc.assert(
      fc.property(someFormer, fc.array(aCommand, { maxLength: 30 }), (former, commands) => {
        const world = record(former);
        const owned = new Set<string>();
        runAll(world, commands, () => {
          for (const { workspaceId } of world.people.workspaces()) {
            const members = world.people.membersOf(workspaceId);
            if (members.some(({ role }) => role === 'owner')) owned.add(workspaceId);
            else expect(owned).not.toContain(workspaceId);
          }
        });
      }),
    );
  });

  it('never share an e-mail address, and workspaces never a name', () => {
    fc.assert(
      fc.property(fc.array(aCommand, { maxLength: 30 }), (commands) => {
        const world = record();
        runAll(world, commands, () => {
          const emails = world.people.users().map(({ email }) => comparableEmail(email!));
          expect(new Set(emails).size).toBe(emails.length);
          const names = world.people.workspaces().map(({ name }) => name);
          expect(new Set(names).size).toBe(names.length);
        });
      }),
    );
  });

  it('are the same for any order and repetition of events', () => {
    fc.assert(
      fc.property(
        someFormer,
        fc.array(aCommand, { maxLength: 20 }),
        fc.infiniteStream(fc.nat()),
        (former, commands, random) => {
          const world = record(former);
          runAll(world, commands);
          const weighed = [...world.events, ...world.events].map((event) => ({ event, weight: random.next().value! }));
          const shuffled = weighed.sort((a, b) => a.weight - b.weight);
          const again = record(former).people;
          for (const { event } of shuffled) again.apply(event);
          expect(seen(again)).toEqual(seen(world.people));
        },
      ),
    );
  });

  it('write no event a second time', () => {
    fc.assert(
      fc.property(fc.array(aCommand, { maxLength: 15 }), anEmail, aWorkspace, (commands, email, workspace) => {
        const world = record();
        runAll(world, commands);
        const provide = provideMember(email, workspace, ids());
        runAll(world, [provide]);
        const count = world.events.length;
        runAll(world, [provide]);
        expect(world.events.length).toBe(count);
      }),
    );
  });

  it('include owners whom only keys name, until an event says otherwise', () => {
    const [ada, bob] = [formerOwner(EMAILS[0]!, 'default', true), formerOwner(EMAILS[1]!, 'default', false)];
    const { people, run, events } = record([ada, bob]);
    expect(people.users().map(({ email }) => email)).toEqual([ada.email, bob.email]);
    expect([people.roleOf(ada.owner), people.roleOf(bob.owner)]).toEqual(['owner', 'member']);
    run(setRole('default', bob.email, 'viewer'));
    expect(people.roleOf(bob.owner)).toBe('viewer');
    // Now the log also identifies this user.
    expect(events.map(({ type }) => type)).toEqual(['dev.opensync.user.put.v1', 'dev.opensync.membership.put.v1']);
    run(removeMember('default', bob.email));
    expect(people.roleOf(bob.owner)).toBeUndefined();
    expect(() => run(provideMember(bob.email, 'default', ids()))).toThrow(/was removed from the workspace default/);
    run(changeUser(ada.email, { email: 'lovelace@example.com' }));
    expect(people.findUser('Lovelace@Example.com')?.userId).toBe(ada.owner.userId);
    expect(people.findUser(ada.email)).toBeUndefined();
  });

  it('have a workspace whose name only keys of an earlier version stored, in its id', () => {
    const ada = formerOwner(EMAILS[0]!, 'team', false);
    const { people, run } = record([ada]);
    expect(people.findWorkspace('team')).toEqual({ workspaceId: ada.owner.workspaceId, name: undefined });
    run(renameWorkspace('team', 'crew'));
    expect(people.findWorkspace('team')).toBeUndefined();
    expect(people.findWorkspace('crew')?.workspaceId).toBe(ada.owner.workspaceId);
  });

  it('keep their role when a command first names them, whatever keys say afterwards', () => {
    const former = EMAILS.map((email) => formerOwner(email, 'default', false));
    for (const command of [
      (email: string) => changeUser(email, { name: 'Someone' }),
      (email: string) => changeUser(email, { email: 'new@example.com' }),
      (email: string) => addMember('team', email),
      (email: string) => provideMember(email, 'default', ids()),
      (email: string) => provideMember(email, 'crew', ids()),
    ]) {
      const keys = new Map(former.map((one) => [ownerKey(one.owner), one]));
      const people = new People(() => keys);
      let sequence = 0;
      const run = (decide: Decision) =>
        decide(people).forEach((one) =>
          people.apply({ ...one, id: 'id', time: 0, sequence: ++sequence } as StoredEvent),
        );
      run(addWorkspace({ workspaceId: 'wsp_team', name: 'team' }));
      run(command(EMAILS[0]!));
      const { owner } = former[0]!;
      keys.set(ownerKey(owner), { ...former[0]!, isAdmin: true });
      expect(people.roleOf(owner)).toBe('member');
    }
  });

  it('are unknown after an event of a newer version, until a readable one follows', () => {
    const [ada, bob] = [formerOwner(EMAILS[0]!, 'default', true), formerOwner(EMAILS[1]!, 'default', false)];
    const { people, run } = record([ada, bob]);
    run(setRole('default', bob.email, 'viewer'));
    for (const [subject, { owner, email }] of [
      [ada.owner, ada],
      [bob.owner, bob],
    ] as const) {
      people.sawUnreadable(subject, people.sequence + 1);
      expect([people.isUnreadable(owner), people.roleOf(owner)]).toEqual([true, undefined]);
      for (const command of [
        addMember('default', email, 'owner'),
        setRole('default', email, 'owner'),
        removeMember('default', email),
        provideMember(email, 'default', ids()),
      ]) {
        expect(() => run(command)).toThrow(/newer version/);
      }
      const draft = { type: 'dev.opensync.membership.put.v1', owner, data: { ...owner, role: 'analyst' } };
      people.apply({ ...draft, id: 'id', time: 0, sequence: people.sequence + 1 } as StoredEvent);
      expect([people.isUnreadable(owner), people.roleOf(owner)]).toEqual([false, 'analyst']);
    }
  });

  it('are unreadable as owners of keys if the user is, since that may be a removal', () => {
    const ada = formerOwner(EMAILS[0]!, 'default', true);
    const { people } = record([ada]);
    people.sawUnreadable({ workspaceId: NONE, userId: ada.owner.userId }, 1);
    expect([people.isUnreadable(ada.owner), people.roleOf(ada.owner)]).toEqual([true, undefined]);
  });

  it('have addresses that no lookalike equals, and that are stored as they were written', () => {
    const { people, run } = record();
    run(addUserTo('default', { userId: 'usr_kate', email: 'kate@example.com' }));
    const lookalike = '\u212aate@example.com';
    expect(people.findUsers(lookalike)).toEqual([]);
    run(addUserTo('default', { userId: 'usr_other', email: lookalike }));
    expect(people.findUser(lookalike)).toEqual({ userId: 'usr_other', email: lookalike });
    expect(people.findUser('Kate@example.com')?.userId).toBe('usr_kate');
    expect(people.membersOf(workspaceIdOf('default'))).toHaveLength(2);
  });

  it('have a domain in ASCII, except those from before that was asked for', () => {
    const email = 'ada@b\u00fccher.example';
    const former = formerOwner(email, 'default', true);
    const { people, run } = record([former]);
    expect(people.findUser(email)?.userId).toBe(former.owner.userId);
    run(provideMember(email, 'default', ids()));
    run(changeUser(email, { name: 'Ada' }));
    expect(people.findUser(email)).toMatchObject({ userId: former.owner.userId, name: 'Ada' });
    const other = 'bob@b\u00fccher.example';
    for (const command of [
      addUser({ userId: 'usr_bob', email: other }),
      provideMember(other, 'default', ids()),
      changeUser(email, { email: other }),
    ]) {
      expect(() => run(command)).toThrow(`the domain of ${other} has characters outside ASCII`);
    }
  });

  it('are named by id if several share an address, and all are removed with the address', () => {
    const email = EMAILS[0]!;
    const former = [formerOwner(email, 'team', false), formerOwner(email, 'crew', false)];
    const { people, run } = record(former);
    const [one, other] = former.map(({ owner }) => owner.userId).sort();
    const several = `there are several users ${email}; name the one that you mean by its id: ${one}, ${other}`;
    for (const command of [
      changeUser(email, { name: 'Ada' }),
      addMember('default', email),
      provideMember(email, 'default', ids()),
    ]) {
      expect(() => run(command)).toThrow(several);
    }
    expect(userOf(people, email, former[1]!.owner.workspaceId).userId).toBe(former[1]!.owner.userId);
    run(setRole('team', email, 'viewer'));
    run(removeUser(email));
    expect(people.findUsers(email)).toEqual([]);
    for (const { owner } of former) expect(people.roleOf(owner)).toBeUndefined();
  });

  it('are not all removed from a workspace that would then have no owner', () => {
    const email = EMAILS[0]!;
    const former = [formerOwner(email, 'team', true), formerOwner(email, 'crew', false)];
    const { run } = record(former);
    run(addMember('team', former[1]!.owner.userId, 'owner'));
    expect(() => run(removeUser(email))).toThrow(/last owner/);
    run(addUserTo('team', { userId: 'usr_eve', email: EMAILS[2]! }, 'owner'));
    run(removeUser(email));
  });

  it('are found among twenty thousand of them without reading all for each', () => {
    const former = Array.from({ length: 20_000 }, (_, at) => formerOwner(`user${at}@example.com`, 'default', false));
    let reads = 0;
    const owners = new Map(former.map((one) => [ownerKey(one.owner), one]));
    const values = owners.values.bind(owners);
    owners.values = () => {
      reads++;
      return values();
    };
    const people = new People(() => owners);
    expect(people.users()).toHaveLength(20_000);
    expect(people.findUser('user7@example.com')?.userId).toBe(former[7]!.owner.userId);
    expect(reads).toBeLessThan(5);
  });

  it('write no event about a new user or workspace if the membership is rejected', () => {
    const { run, events, people } = record();
    run(addWorkspace({ workspaceId: 'wsp_team', name: 'team' }));
    const count = events.length;
    const eve = { userId: 'usr_eve', email: 'eve@example.com' };
    for (const refused of [
      addUserTo('team', eve, 'viewer'),
      addUserTo('nowhere', eve),
      addWorkspaceOf('nobody@example.com', { workspaceId: 'wsp_lab', name: 'lab' }),
    ]) {
      expect(() => run(refused)).toThrow();
      expect(events.length).toBe(count);
    }
    run(addUserTo('team', eve));
    run(addWorkspaceOf(eve.email, { workspaceId: 'wsp_lab', name: 'lab' }));
    expect(() => run(addWorkspaceOf(eve.email, { workspaceId: 'wsp_other', name: 'lab' }))).toThrow(/already/);
    expect(people.membershipsOf(eve.userId).map(({ role }) => role)).toEqual(['owner', 'owner']);
  });

  it('lose everything with the user, and the address is free again', () => {
    const { people, run } = record();
    run(provideMember('ada@example.com', 'default', ids()));
    run(provideMember('bob@example.com', 'default', ids()));
    run(provideMember('bob@example.com', 'team', ids()));
    const bob = people.findUser('bob@example.com')!;
    expect(() => run(removeUser('bob@example.com'))).toThrow(/last owner of the workspace team/);
    run(addMember('team', 'ada@example.com', 'owner'));
    run(removeUser('bob@example.com'));
    expect(people.membershipsOf(bob.userId)).toEqual([]);
    run(provideMember('bob@example.com', 'default', ids()));
    expect(people.findUser('bob@example.com')!.userId).not.toBe(bob.userId);
  });

  it('finds a workspace by its id before any other that has the id as its name', () => {
    const { people, run } = record();
    const [victim, other] = [workspaceIdOf('victim'), workspaceIdOf('other')];
    run(addWorkspace({ workspaceId: victim, name: 'victim' }));
    const event = workspacePut({ workspaceId: other, name: victim });
    people.apply({ ...event, id: 'id', time: 0, sequence: 99 } as StoredEvent);
    expect(people.findWorkspace(victim)?.workspaceId).toBe(victim);
    const person = { userId: 'usr_1', identity: { issuer: 'workos', subject: 'a' } };
    run(synchronizePerson(person, [{ workspaceId: 'wsp_new123456', name: victim, role: 'member' }]));
    expect(people.findWorkspace('wsp_new123456')?.name).toBe(`${victim} (123456)`);
  });
});
