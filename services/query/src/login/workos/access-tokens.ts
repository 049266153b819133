import { workspaceIdOfOrganization, type Owner, type Principal } from '@opensync/contracts';
import type { KeyDirectory } from '@opensync/event-log/keys';
import type { LoginDirectory } from '@opensync/event-log/logins';
import { usualOwnerOf } from '@opensync/event-log/people';
import { ProviderError } from '../providers/provider.ts';
import type { WorkosProvider } from './workos.ts';

/** How long an access token can be valid after its session has ended; WorkOS makes them for five minutes unless configured. */
export const LONGEST_TOKEN_MS = 24 * 60 * 60_000;

/** The name under which the end of a WorkOS session is recorded. */
export function endedSession(session: string): string {
  return `workos session ${session}`;
}

/**
 * The principal of a WorkOS access token: in the workspace of its organization, or else where the person logs in. It may do what
 * their role allows. Undefined for an invalid token, and after its session has ended here.
 * @throws AppError UNAVAILABLE
 */
export async function principalOfToken(
  token: string,
  { provider, keys, logins }: { provider: WorkosProvider; keys: KeyDirectory; logins: LoginDirectory },
): Promise<Principal | undefined> {
  let claims;
  try {
    claims = await provider.verify(token);
  } catch (error) {
    if (error instanceof ProviderError) return undefined;
    throw error;
  }
  const { sub: subject, sid: session, org_id: organization } = claims;
  if (typeof session === 'string' && logins.isClaimed(endedSession(session))) return undefined;
  const people = keys.people.current();
  const userId = people.findIdentity({ issuer: provider.issuer, subject })?.userId;
  if (userId === undefined) return undefined;
  const owner: Owner | undefined =
    typeof organization === 'string'
      ? { workspaceId: workspaceIdOfOrganization(provider.issuer, organization), userId }
      : usualOwnerOf(people, userId);
  const role = owner && keys.people.roleFor(owner);
  return (
    role && { ...owner, role, scopes: ['admin'], keyId: `workos:${typeof session === 'string' ? session : subject}` }
  );
}
