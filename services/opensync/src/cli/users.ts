import { workspaceIdOf, type Role } from '@opensync/contracts';
import { addUserWithoutKeys, removeUserAndKeys, type KeyDirectory } from '@opensync/event-log/keys';
import { changeUser as sayChange, DEFAULT_WORKSPACE, userOf, workspaceOf, type User } from '@opensync/event-log/people';
import type { Settings } from '@opensync/platform';
import { COMMAND } from './command-name.ts';
import { printable, quantity, table, type Output } from './output.ts';
import { withKeys, withPeople } from './with-keys.ts';

export interface NewUser {
  /** The id of a user whose sessions are stored, but who is lost in the log; default a new one. */
  readonly userId: string | undefined;
  readonly email: string;
  readonly name: string | undefined;
  /** Name or id; default the one that every installation starts with. */
  readonly workspace: string | undefined;
  readonly role: Role | undefined;
}

interface Context {
  readonly json: boolean;
  readonly output: Output;
}

export async function listUsers(settings: Settings, { json, output }: Context): Promise<number> {
  return withKeys(settings, { create: false, output }, async (keys) => {
    const users = keys.people.people.users().map((user) => facts(keys, user));
    if (json) {
      output.print(JSON.stringify(users));
      return 0;
    }
    if (users.length === 0) {
      output.note(`There are no users; to add one: ${COMMAND} users add EMAIL`);
      return 0;
    }
    const rows = users.map(({ userId, email = '–', name = '–', workspaces, keys: count }) => [
      userId,
      printable(email),
      printable(name),
      workspaces.map((one) => `${printable(one.name ?? one.workspaceId)} (${one.role})`).join(', ') || '–',
      String(count),
    ]);
    output.print(table(['ID', 'EMAIL', 'NAME', 'WORKSPACES', 'KEYS'], rows));
    return 0;
  });
}

export async function addUser(
  settings: Settings,
  { userId: givenId, email, name, workspace = workspaceIdOf(DEFAULT_WORKSPACE), role }: NewUser,
  { json, output }: Context,
): Promise<number> {
  return withPeople(settings, { create: true, output }, async (keys, logins) => {
    const found = workspaceOf(keys.people.current(), workspace);
    const userId = givenId ?? (await keys.people.newUserId(email, found.workspaceId));
    await addUserWithoutKeys(
      keys,
      found.workspaceId,
      { userId, email, ...(name !== undefined && { name }) },
      role,
      logins,
    );
    const user = facts(keys, userOf(keys.people.people, userId));
    if (json) output.print(JSON.stringify(user));
    else {
      output.print(userId);
      output.note(
        `${printable(email)} is now a user with the role ${user.workspaces[0]!.role} in ${printable(found.name ?? workspace)}.`,
      );
      output.note(`To create a key: ${COMMAND} keys create --user ${email} --name NAME`);
    }
    return 0;
  });
}

export async function changeUser(
  settings: Settings,
  emailOrId: string,
  change: { readonly name: string } | { readonly email: string },
  { json, output }: Context,
): Promise<number> {
  return withKeys(settings, { create: false, output }, async (keys) => {
    const { userId } = userOf(keys.people.current(), emailOrId);
    const said = await keys.people.change(sayChange(userId, change));
    const user = facts(keys, userOf(keys.people.people, userId));
    if (json) output.print(JSON.stringify(user));
    else {
      const now = 'name' in change ? `the name ${printable(change.name)}` : `the e-mail ${printable(change.email)}`;
      output.note(`User ${userId} has ${now}${said.length === 0 ? ' already' : ' now'}.`);
    }
    return 0;
  });
}

export async function removeUser(settings: Settings, emailOrId: string, { json, output }: Context): Promise<number> {
  return withPeople(settings, { create: false, output }, async (keys, logins) => {
    const { users, revokedKeys } = await removeUserAndKeys(keys, emailOrId, logins);
    if (json) output.print(JSON.stringify({ userIds: users.map(({ userId }) => userId), revokedKeys }));
    else {
      const who = printable(users[0]!.email ?? users[0]!.userId);
      const all = users.length > 1 ? ` (${quantity(users.length, 'ids')})` : '';
      output.note(`${who} is no longer a user${all}; ${quantity(revokedKeys, 'keys')} revoked. Sessions stay stored.`);
    }
    return 0;
  });
}

/** A user as the commands show it. */
function facts(keys: KeyDirectory, user: User) {
  const { people } = keys.people;
  const names = new Map(people.workspaces().map(({ workspaceId, name }) => [workspaceId, name]));
  const workspaces = people
    .membershipsOf(user.userId)
    .map(({ workspaceId, role }) => ({ workspaceId, name: names.get(workspaceId), role }));
  return { ...user, workspaces, keys: keys.validKeysOf({ userId: user.userId }).length };
}
