import { workspaceIdOf } from '@opensync/contracts';
import { LoginDirectory, loginLimitsOf } from '@opensync/event-log/logins';
import { DEFAULT_WORKSPACE, memberOf, workspaceOf } from '@opensync/event-log/people';
import { ConfigError, type Settings } from '@opensync/platform';
import { loginUrl } from '../system/login-link.ts';
import { moment, printable, type Output } from './output.ts';
import type { Target } from './target.ts';
import { withKeys } from './with-keys.ts';

/** Prints a link that logs a member of a workspace in, once. */
export async function createLoginLink(
  settings: Settings,
  {
    user,
    workspace = workspaceIdOf(DEFAULT_WORKSPACE),
  }: { readonly user: string; readonly workspace: string | undefined },
  { json, output }: { json: boolean; output: Output },
): Promise<number> {
  return withKeys(settings, { create: false, output }, async (keys, target) => {
    const base = baseOf(settings, target);
    const people = keys.people.current();
    const { workspaceId, name } = workspaceOf(people, workspace);
    const { owner, user: found } = memberOf(people, workspaceId, user);
    const logins = await LoginDirectory.open(target.nc, keys, { limits: loginLimitsOf(settings) });
    try {
      await logins.ready();
      const { token, expiresAt } = await logins.createLink(owner);
      const url = loginUrl(base, token);
      if (json) output.print(JSON.stringify({ url, expiresAt, ...owner }));
      else {
        output.print(url);
        const who = `${printable(found.email ?? found.userId)} in to ${printable(name ?? workspaceId)}`;
        output.note(
          `The link logs ${who} once, until ${moment(expiresAt)} UTC. The first person who opens it is logged in.`,
        );
      }
      return 0;
    } finally {
      await logins.close();
    }
  });
}

/** The address that a person opens. @throws ConfigError */
function baseOf({ OPENSYNC_LOGIN_URL: url }: Pick<Settings, 'OPENSYNC_LOGIN_URL'>, target: Target): string {
  if (url !== undefined) return url;
  if (target.kind === 'running') return target.runtime.httpUrl;
  throw new ConfigError(
    'OPENSYNC_LOGIN_URL: is not set, and no OpenSync is running here; set it to the address that people open in a browser',
  );
}
