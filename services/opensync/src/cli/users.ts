import { newUserId, type Role } from '@opensync/contracts';
import {
  addMemberWithoutKeys,
  addUser as sayUser,
  changeUser as sayChange,
  removeUserAndKeys,
  userOf,
  workspaceOf,
  type KeyDirectory,
  type User,
} from '@opensync/event-log';
import type { Settings } from '@opensync/platform';
import { COMMAND } from './command-name.ts';
import { printable, quantity, table, type Output } from './output.ts';
import { withKeys } from './with-keys.ts';

export interface NewUser {
  /** Of a user whose sessions are stored, but whom the log has lost; default a random one. */
  readonly userId: string | undefined;
  readonly email: string;
  readonly name: string | undefined;
  readonly workspace: string;
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
      output.note(`There are no users; to make one: ${COMMAND} users add EMAIL`);
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
  { userId = newUserId(), email, name, workspace, role }: NewUser,
  { json, output }: Context,
): Promise<number> {
  return withKeys(settings, { create: true, output }, async (keys) => {
    // Refused before anything is stored.
    workspaceOf(keys.people.current(), workspace);
    await keys.people.change(sayUser({ userId, email, ...(name !== undefined && { name }) }));
    await addMemberWithoutKeys(keys, workspace, userId, role);
    const user = facts(keys, userOf(keys.people.people, userId));
    if (json) output.print(JSON.stringify(user));
    else {
      output.print(userId);
      output.note(
        `${printable(email)} is a user, with the role ${user.workspaces[0]!.role} in ${printable(workspace)}.`,
      );
      output.note(`To make a key: ${COMMAND} keys create --user ${email} --name NAME`);
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
  return withKeys(settings, { create: false, output }, async (keys) => {
    const { user, revokedKeys } = await removeUserAndKeys(keys, emailOrId);
    if (json) output.print(JSON.stringify({ userId: user.userId, revokedKeys }));
    else {
      const who = printable(user.email ?? user.userId);
      output.note(`${who} is no longer a user; ${quantity(revokedKeys, 'keys')} revoked. Sessions stay stored.`);
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
