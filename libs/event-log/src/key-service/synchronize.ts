import { newUserId, ownerKey, workspaceIdOfOrganization, type Owner } from '@opensync/contracts';
import { endedMemberships, synchronizePerson } from '../people/index.ts';
import type { Directories } from './members.ts';
import type { KeyServiceCommand, Result } from './protocol.ts';

/**
 * Makes a person's user and memberships match an external directory, such as WorkOS. Keys and logins of a membership end
 * with it, and those of former memberships do not come back. @throws AppError
 */
export async function syncPerson(
  { keys, logins }: Directories,
  { identity, memberships }: Extract<KeyServiceCommand, { command: 'sync-person' }>,
): Promise<Result<'sync-person'>> {
  const { issuer, subject, email, name } = identity;
  const wanted = memberships.map((one) => ({
    ...{ name: one.name, role: one.role },
    workspaceId: workspaceIdOfOrganization(issuer, one.organizationId),
  }));
  const people = keys.people.current();
  const known = people.findIdentity({ issuer, subject });
  const forget = async (owner: Owner) => {
    await keys.revokeAll(keys.validKeysOf(owner));
    await logins.forget(owner);
  };
  const ended = known ? endedMemberships(people, { userId: known.userId, issuer }, wanted) : [];
  const owners = known ? wanted.map(({ workspaceId }) => ({ workspaceId, userId: known.userId })) : [];
  for (const owner of owners) if (people.wasRemoved(owner)) await forget(owner);
  const person = { userId: newUserId(), identity: { issuer, subject }, email, name };
  await keys.people.change(synchronizePerson(person, wanted));
  const removed = new Map(ended.map((owner) => [ownerKey(owner), owner]));
  for (const owner of removed.values()) if (keys.people.roleFor(owner) === undefined) await forget(owner);
  return {};
}
