import { comparableEmail, ownerKey, ROLES, userIdOf, workspaceIdOf, type StoredEvent } from '@opensync/contracts';
import fc from 'fast-check';
import {
  addMember,
  addUser,
  addWorkspace,
  changeUser,
  provideMember,
  removeMember,
  removeUser,
  renameWorkspace,
  setRole,
  type Decision,
} from './decisions.ts';
import { People, type FormerOwner } from './people.ts';

const WORKSPACES = ['default', 'team', 'crew'];
const EMAILS = ['ada@example.com', 'bob@example.com', 'eve@example.com'];

/** Owners as keys of an earlier version name them: an e-mail address has another id in each workspace. */
function formerOwner(email: string, workspace: string, isAdmin: boolean): FormerOwner {
  const workspaceId = workspaceIdOf(workspace);
  return { owner: { workspaceId, userId: userIdOf(workspaceId, email) }, email, isAdmin };
}

/** People, and the events that made them what they are. */
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

/** Runs commands; those that are refused change nothing. */
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
  it('keep an owner in each workspace that has had one, whatever is commanded', () => {
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

  it('never share an e-mail address, nor workspaces a name', () => {
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

  it('are the same whatever the order of the events, and however often each comes', () => {
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

  it('say nothing a second time', () => {
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

  it('are owners whom only keys name, until an event says otherwise', () => {
    const [ada, bob] = [formerOwner(EMAILS[0]!, 'default', true), formerOwner(EMAILS[1]!, 'default', false)];
    const { people, run, events } = record([ada, bob]);
    expect(people.users().map(({ email }) => email)).toEqual([ada.email, bob.email]);
    expect([people.roleOf(ada.owner), people.roleOf(bob.owner)]).toEqual(['owner', 'member']);
    run(setRole('default', bob.email, 'viewer'));
    expect(people.roleOf(bob.owner)).toBe('viewer');
    // Now the log says who this is, too.
    expect(events.map(({ type }) => type)).toEqual(['dev.opensync.user.put.v1', 'dev.opensync.membership.put.v1']);
    run(removeMember('default', bob.email));
    expect(people.roleOf(bob.owner)).toBeUndefined();
    expect(() => run(provideMember(bob.email, 'default', ids()))).toThrow(/was removed from the workspace default/);
    run(changeUser(ada.email, { email: 'lovelace@example.com' }));
    expect(people.findUser('Lovelace@Example.com')?.userId).toBe(ada.owner.userId);
    expect(people.findUser(ada.email)).toBeUndefined();
  });

  it('have a workspace whose name only keys of an earlier version kept, in its id', () => {
    const ada = formerOwner(EMAILS[0]!, 'team', false);
    const { people, run } = record([ada]);
    expect(people.findWorkspace('team')).toEqual({ workspaceId: ada.owner.workspaceId, name: undefined });
    run(renameWorkspace('team', 'crew'));
    expect(people.findWorkspace('team')).toBeUndefined();
    expect(people.findWorkspace('crew')?.workspaceId).toBe(ada.owner.workspaceId);
  });

  it('lose everything with the user, and an address is free again then', () => {
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
});
