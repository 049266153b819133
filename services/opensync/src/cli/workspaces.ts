import { newWorkspaceId, type Role } from '@opensync/contracts';
import { addMemberWithoutKeys, removeMemberAndKeys, type KeyDirectory } from '@opensync/event-log/keys';
import {
  addWorkspace as sayWorkspace,
  addWorkspaceOf,
  renameWorkspace as sayName,
  setRole as sayRole,
  userOf,
  workspaceOf,
  type Workspace,
} from '@opensync/event-log/people';
import type { Settings } from '@opensync/platform';
import { COMMAND } from './command-name.ts';
import { printable, quantity, table, type Output } from './output.ts';
import { withKeys, withPeople } from './with-keys.ts';

interface Context {
  readonly json: boolean;
  readonly output: Output;
}

export async function listWorkspaces(settings: Settings, { json, output }: Context): Promise<number> {
  return withKeys(settings, { create: false, output }, async (keys) => {
    const { people } = keys.people;
    const workspaces = people.workspaces().map(({ workspaceId, name }) => {
      const members = people.membersOf(workspaceId);
      const owners = members
        .filter(({ role }) => role === 'owner')
        .map(({ userId }) => people.user(userId)?.email ?? userId);
      return { workspaceId, name, members: members.length, owners };
    });
    if (json) output.print(JSON.stringify(workspaces));
    else {
      const rows = workspaces.map(({ workspaceId, name = '–', members, owners }) => [
        workspaceId,
        printable(name),
        String(members),
        owners.map(printable).join(', ') || '–',
      ]);
      output.print(table(['ID', 'NAME', 'MEMBERS', 'OWNERS'], rows));
    }
    return 0;
  });
}

/** @param owner e-mail or id of the user who becomes its first member */
export async function addWorkspace(
  settings: Settings,
  { name, owner }: { readonly name: string; readonly owner: string | undefined },
  { json, output }: Context,
): Promise<number> {
  return withKeys(settings, { create: true, output }, async (keys) => {
    // Rejected before anything is stored.
    const user = owner === undefined ? undefined : userOf(keys.people.current(), owner);
    const workspace = { workspaceId: newWorkspaceId(), name };
    await keys.people.change(user ? addWorkspaceOf(user.userId, workspace) : sayWorkspace(workspace));
    const { workspaceId } = workspace;
    if (json) output.print(JSON.stringify({ workspaceId, name, ...(user && { owner: user.userId }) }));
    else {
      output.print(workspaceId);
      output.note(
        `Workspace ${printable(name)} was created${user ? `; its owner is ${printable(user.email ?? user.userId)}` : ''}.`,
      );
      if (!user) output.note(`It has no members yet: ${COMMAND} workspaces add-member ${name} USER`);
    }
    return 0;
  });
}

export async function renameWorkspace(
  settings: Settings,
  { workspace, name }: { readonly workspace: string; readonly name: string },
  { json, output }: Context,
): Promise<number> {
  return withKeys(settings, { create: false, output }, async (keys) => {
    const { workspaceId } = workspaceOf(keys.people.current(), workspace);
    const said = await keys.people.change(sayName(workspaceId, name));
    if (json) output.print(JSON.stringify({ workspaceId, name }));
    else
      output.note(
        `Workspace ${workspaceId} has the name ${printable(name)}${said.length === 0 ? ' already' : ' now'}.`,
      );
    return 0;
  });
}

export async function listMembers(settings: Settings, workspace: string, { json, output }: Context): Promise<number> {
  return withKeys(settings, { create: false, output }, async (keys) => {
    const { people } = keys.people;
    const { workspaceId } = workspaceOf(people, workspace);
    const members = people.membersOf(workspaceId).map(({ userId, role }) => {
      const { email, name } = people.user(userId) ?? {};
      return { userId, email, name, role, keys: keys.validKeysOf({ workspaceId, userId }).length };
    });
    if (json) output.print(JSON.stringify(members));
    else if (members.length === 0) {
      output.note(
        `${printable(workspace)} has no members; to add one: ${COMMAND} workspaces add-member ${workspace} USER`,
      );
    } else {
      const rows = members.map(({ userId, email = '–', name = '–', role, keys: count }) => [
        userId,
        printable(email),
        printable(name),
        role,
        String(count),
      ]);
      output.print(table(['ID', 'EMAIL', 'NAME', 'ROLE', 'KEYS'], rows));
    }
    return 0;
  });
}

export interface MemberSyntax {
  readonly workspace: string;
  /** E-mail or id. */
  readonly user: string;
}

export async function addMember(
  settings: Settings,
  { workspace, user, role }: MemberSyntax & { readonly role: Role | undefined },
  context: Context,
): Promise<number> {
  return withPeople(settings, { create: false, output: context.output }, async (keys, logins) => {
    const { userId } = await addMemberWithoutKeys(keys, workspace, user, role, logins);
    return report(keys, { workspace, user: userId }, context);
  });
}

export async function setRole(
  settings: Settings,
  { workspace, user, role }: MemberSyntax & { readonly role: Role },
  context: Context,
): Promise<number> {
  return withKeys(settings, { create: false, output: context.output }, async (keys) => {
    await keys.people.change(sayRole(workspace, user, role));
    return report(keys, { workspace, user }, context);
  });
}

export async function removeMember(
  settings: Settings,
  { workspace, user }: MemberSyntax,
  { json, output }: Context,
): Promise<number> {
  return withPeople(settings, { create: false, output }, async (keys, logins) => {
    const found = workspaceOf(keys.people.current(), workspace);
    const { user: removed, revokedKeys } = await removeMemberAndKeys(keys, workspace, user, logins);
    if (json) {
      output.print(JSON.stringify({ workspaceId: found.workspaceId, userId: removed.userId, revokedKeys }));
    } else {
      const who = printable(removed.email ?? removed.userId);
      const where = nameOf(found);
      output.note(
        `${who} is no longer a member of ${where}; ${quantity(revokedKeys, 'keys')} revoked. Sessions stay stored.`,
      );
    }
    return 0;
  });
}

function report(keys: KeyDirectory, { workspace, user }: MemberSyntax, { json, output }: Context): number {
  const { people } = keys.people;
  const found = workspaceOf(people, workspace);
  const { workspaceId } = found;
  const { userId, email } = userOf(people, user, workspaceId);
  const role = people.roleOf({ workspaceId, userId });
  if (json) output.print(JSON.stringify({ workspaceId, userId, role }));
  else output.note(`${printable(email ?? userId)} has the role ${role} in ${nameOf(found)}.`);
  return 0;
}

function nameOf({ name, workspaceId }: Workspace): string {
  return printable(name ?? workspaceId);
}
