import { Argument, InvalidArgumentError } from 'commander';
import { ROLES, type Role } from '@opensync/contracts';
import { isEmail } from '@opensync/platform';

const LONGEST_NAME = 200;

export const ROLES_HELP = `
Roles:
  owner    everything; a workspace always has at least one owner
  admin    the same as owner, except that only owners change owners
  member   writes sessions, reads their own and shared ones, edits and deletes their own
  viewer   reads their own sessions and shared ones
  analyst  sees statistics but no text`;

export function workspaceArgument(): Argument {
  return new Argument('<workspace>', 'name or id of a workspace, from `opensync workspaces list`');
}

export function emailOf(text: string): string {
  if (isEmail(text)) return text;
  throw new InvalidArgumentError('Expected an e-mail address.');
}

export function nameOf(text: string): string {
  const name = text.trim();
  if (name === '' || name.length > LONGEST_NAME || /\p{Cc}/u.test(name)) {
    throw new InvalidArgumentError(`A name has 1 to ${LONGEST_NAME} characters and no control characters.`);
  }
  return name;
}

/** A name that looks like an id or an e-mail address would find something else. */
export function workspaceNameOf(text: string): string {
  const name = nameOf(text);
  if (/^wsp_/.test(name)) throw new InvalidArgumentError('A name must not begin with wsp_, as ids do.');
  return name;
}

export function roleOf(text: string): Role {
  const role = ROLES.find((name) => name === text);
  if (role) return role;
  throw new InvalidArgumentError(`Expected one of ${ROLES.join(', ')}.`);
}
