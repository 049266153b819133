import { ownerKey, sharesDerivedIds, userIdOf, workspaceIdOf, type Owner } from '@opensync/contracts';
import { DEFAULT_WORKSPACE, type FormerOwner, type People } from '../people/people.ts';
import { isExpired, type ApiKeyRecord } from './records.ts';

/**
 * The owners that keys name, with the roles of their valid keys. An e-mail address may have changed since: the first key
 * decides.
 */
export function ownersOf(records: readonly ApiKeyRecord[]): ReadonlyMap<string, FormerOwner> {
  const owners = new Map<string, FormerOwner>();
  for (const record of records) {
    const { owner, email } = record;
    const former = owners.get(ownerKey(owner));
    const isValid = record.revokedAt === undefined && !isExpired(record);
    const isAdmin = former?.isAdmin || (isValid && record.scopes.includes('admin'));
    owners.set(ownerKey(owner), { owner, email: former?.email ?? email, isAdmin });
  }
  return owners;
}

/**
 * Whom the first key of an installation names. Undefined if events contradict the address, or its id would be another's:
 * then it is an ordinary key.
 */
export function ownerOfFirstKey(people: People, email: string): Owner | undefined {
  const workspaceId = workspaceIdOf(DEFAULT_WORKSPACE);
  const user = people.findUser(email, workspaceId);
  if (!user && sharesDerivedIds(email)) return undefined;
  const owner = { workspaceId, userId: user?.userId ?? userIdOf(workspaceId, email) };
  return people.roleOf(owner) !== undefined || !people.knows(owner.userId) ? owner : undefined;
}
