import type { Role } from '@opensync/contracts';
import { invite, LONGEST_INVITATION_MS, mayInvite, withdraw } from '@opensync/event-log/key-service';
import type { Invitation } from '@opensync/event-log/logins';
import { memberOf, workspaceOf, type People, type User } from '@opensync/event-log/people';
import { ConfigError, type Settings } from '@opensync/platform';
import { loginUrl } from '../system/login-link.ts';
import { COMMAND } from './command-name.ts';
import { processUrlOf } from './login-link.ts';
import { moment, printable, table } from './output.ts';
import type { CommandContext } from './shared-syntax.ts';
import { withPeople } from './with-keys.ts';

export interface NewInvitation {
  /** Name or id. */
  readonly workspace: string;
  readonly role: Role;
  /** Of the only person who can accept it. */
  readonly email: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** E-mail or id of the member who invites; default an owner. */
  readonly by: string | undefined;
}

/** Prints the link of a new invitation, with the same content as the answer of `POST /api/invitations`. */
export async function createInvitation(
  settings: Settings,
  { workspace, role, email, expiresAt, by }: NewInvitation,
  { json, output, now }: CommandContext,
): Promise<number> {
  if (expiresAt > now + LONGEST_INVITATION_MS)
    throw new ConfigError('--expires: an invitation lasts for 30 days at most');
  return withPeople(settings, { create: false, output }, async (keys, logins, target) => {
    // Rejected before anything is stored.
    const processUrl = processUrlOf(settings, target);
    const people = keys.people.current();
    const { workspaceId, name } = workspaceOf(people, workspace);
    const inviter = inviterOf(people, { workspaceId, workspace, by });
    const wanted = { role, expiresAt, ...(email !== undefined && { email }) };
    const { token, invitation } = await invite({ logins }, inviter, wanted);
    const url = loginUrl(settings, processUrl, token, 'invitation');
    if (json) output.print(JSON.stringify({ invitation: invitationJson(people, invitation), token, url }));
    else {
      output.print(url);
      const who = email === undefined ? 'The first person who accepts it' : printable(email);
      output.note(
        `Invitation ${invitation.id}: ${who} becomes a member of ${printable(name ?? workspaceId)} with the role ${role}, until ${moment(invitation.expiresAt)} UTC. The link is shown only once.`,
      );
    }
    return 0;
  });
}

export async function listInvitations(
  settings: Settings,
  workspace: string,
  { json, output }: CommandContext,
): Promise<number> {
  return withPeople(settings, { create: false, output }, async (keys, logins) => {
    const people = keys.people.current();
    const { workspaceId } = workspaceOf(people, workspace);
    const open = logins.invitations.list().filter((one) => one.workspaceId === workspaceId);
    const newest = open.toSorted((a, b) => b.createdAt - a.createdAt).map((one) => invitationJson(people, one));
    if (json) output.print(JSON.stringify(newest));
    else if (newest.length === 0) {
      output.note(
        `${printable(workspace)} has no open invitations; to invite: ${COMMAND} workspaces invite ${workspace}`,
      );
    } else {
      const rows = newest.map(({ id, role, email = '–', invitedBy, createdAt, expiresAt }) => [
        ...[id, role, printable(email), printable(invitedBy.email ?? invitedBy.userId)],
        ...[moment(createdAt), moment(expiresAt)],
      ]);
      output.print(table(['ID', 'ROLE', 'EMAIL', 'INVITED BY', 'CREATED', 'EXPIRES'], rows));
    }
    return 0;
  });
}

export async function withdrawInvitation(
  settings: Settings,
  invitationId: string,
  { json, output }: CommandContext,
): Promise<number> {
  return withPeople(settings, { create: false, output }, async (_keys, logins) => {
    const found = logins.invitations.list().find(({ id }) => id === invitationId);
    if (!found) {
      throw new ConfigError(
        `there is no open invitation ${invitationId}: it was accepted, withdrawn or has expired; see: ${COMMAND} workspaces invitations WORKSPACE`,
      );
    }
    const { workspaceId } = found;
    await withdraw({ logins }, found, { invitationId });
    if (json) output.print(JSON.stringify({ id: invitationId, workspaceId }));
    else output.note(`Invitation ${invitationId} is withdrawn; nobody can accept it.`);
    return 0;
  });
}

/** The member in whose name the command invites. @throws ConfigError; AppError NOT_FOUND */
function inviterOf(
  people: People,
  {
    workspaceId,
    workspace,
    by,
  }: { readonly workspaceId: string; readonly workspace: string; readonly by?: string | undefined },
) {
  if (by !== undefined) {
    const { owner } = memberOf(people, workspace, by);
    const role = people.roleOf(owner)!;
    if (mayInvite(role)) return { ...owner, role };
    throw new ConfigError(`--by: ${by} has the role ${role} in ${workspace}; only owners and admins invite`);
  }
  const owner = people.membersOf(workspaceId).find(({ role }) => role === 'owner');
  if (owner) return { workspaceId, userId: owner.userId, role: owner.role };
  throw new ConfigError(
    `${workspace} has no owner who could invite; to add one: ${COMMAND} workspaces add-member ${workspace} USER --role owner`,
  );
}

/** An invitation as the commands show it; what it is worth ends with the rights of the member who invited. */
function invitationJson(people: People, { invitedBy, ...invitation }: Invitation) {
  const inviter: User = people.user(invitedBy) ?? { userId: invitedBy };
  return { ...invitation, invitedBy: inviter };
}
