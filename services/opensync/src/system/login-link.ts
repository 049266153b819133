import type { Owner } from '@opensync/contracts';
import type { KeyDirectory } from '@opensync/event-log/keys';
import type { LoginDirectory } from '@opensync/event-log/logins';
import type { Settings } from '@opensync/platform';

/** Where a person opens a link that logs in once. The token is in the fragment, which reaches no server and no log. */
export function loginUrl(base: string, token: string): string {
  return `${base}/auth/login#token=${token}`;
}

/**
 * A link that logs the owner of the first usable admin key in; undefined if there is none. @throws AppError UNAVAILABLE
 */
export async function linkOfFirstAdmin(
  { keys, logins }: { keys: KeyDirectory; logins: LoginDirectory },
  { url, settings }: { url: string; settings: Pick<Settings, 'OPENSYNC_LOGIN_URL'> },
): Promise<string | undefined> {
  await logins.ready();
  const owner = firstAdmin(keys);
  return owner && loginUrl(settings.OPENSYNC_LOGIN_URL ?? url, (await logins.createLink(owner)).token);
}

function firstAdmin(keys: KeyDirectory): Owner | undefined {
  const admins = keys
    .list()
    .filter(({ id, scopes }) => scopes.includes('admin') && keys.principalOf(id)?.role === 'owner');
  return admins[0]?.owner;
}
