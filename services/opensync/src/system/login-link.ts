import type { Owner } from '@opensync/contracts';
import type { KeyDirectory } from '@opensync/event-log/keys';
import type { LoginDirectory } from '@opensync/event-log/logins';
import type { Settings } from '@opensync/platform';

/**
 * Where a person opens a link that logs in once, or an invitation: at the address that people open, or else at the process itself.
 * The token is in the fragment, which reaches no server and no log.
 */
export function loginUrl(
  { OPENSYNC_LOGIN_URL: origin, OPENSYNC_BASE_PATH: basePath }: LinkSettings,
  processUrl: string | undefined,
  token: string,
  kind: 'token' | 'invitation' = 'token',
): string {
  return `${origin === undefined ? `${processUrl}/` : `${origin}${basePath}`}auth/login#${kind}=${token}`;
}

export type LinkSettings = Pick<Settings, 'OPENSYNC_LOGIN_URL' | 'OPENSYNC_BASE_PATH'>;

/**
 * A link that logs the owner of the first usable admin key in, as an operator: only someone at the terminal of this process
 * sees it. Undefined if there is none. @throws AppError UNAVAILABLE
 */
export async function linkOfFirstAdmin(
  { keys, logins }: { keys: KeyDirectory; logins: LoginDirectory },
  { url, settings }: { url: string; settings: LinkSettings },
): Promise<string | undefined> {
  await logins.ready();
  const owner = firstAdmin(keys);
  return owner && loginUrl(settings, url, (await logins.createLink(owner, { isOperator: true })).token);
}

function firstAdmin(keys: KeyDirectory): Owner | undefined {
  const admins = keys
    .list()
    .filter(({ id, scopes }) => scopes.includes('admin') && keys.principalOf(id)?.role === 'owner');
  return admins[0]?.owner;
}
