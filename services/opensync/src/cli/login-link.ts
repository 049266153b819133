import { workspaceIdOf } from '@opensync/contracts';
import { DEFAULT_WORKSPACE, memberOf, workspaceOf } from '@opensync/event-log/people';
import { ConfigError, type Settings } from '@opensync/platform';
import { loginUrl, type LinkSettings } from '../system/login-link.ts';
import { moment, printable, type Output } from './output.ts';
import type { Target } from './target.ts';
import { withPeople } from './with-keys.ts';

/** Prints a link that logs a member of a workspace in, once. */
export async function createLoginLink(
  settings: Settings,
  {
    user,
    workspace = workspaceIdOf(DEFAULT_WORKSPACE),
    isOperator,
  }: { readonly user: string; readonly workspace: string | undefined; readonly isOperator: boolean },
  { json, output }: { json: boolean; output: Output },
): Promise<number> {
  return withPeople(settings, { create: false, output }, async (keys, logins, target) => {
    const processUrl = processUrlOf(settings, target);
    const people = keys.people.current();
    const { workspaceId, name } = workspaceOf(people, workspace);
    const { owner, user: found } = memberOf(people, workspaceId, user);
    const { token, expiresAt } = await logins.createLink(owner, { isOperator });
    const url = loginUrl(settings, processUrl, token);
    if (json) output.print(JSON.stringify({ url, expiresAt, ...owner }));
    else {
      output.print(url);
      const who = `${printable(found.email ?? found.userId)} in to ${printable(name ?? workspaceId)}`;
      output.note(
        `The link logs ${who} once, until ${moment(expiresAt)} UTC. The first person who opens it is logged in${isOperator ? ', and may operate the server for 12 hours' : ''}.`,
      );
    }
    return 0;
  });
}

/** The address that a person opens if none is set. @throws ConfigError */
export function processUrlOf({ OPENSYNC_LOGIN_URL: url }: LinkSettings, target: Target): string | undefined {
  if (url !== undefined) return undefined;
  if (target.kind === 'running') return target.runtime.httpUrl;
  throw new ConfigError(
    'OPENSYNC_LOGIN_URL: is not set, and no OpenSync is running here; set it to the address that people open in a browser',
  );
}
