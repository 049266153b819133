import { SCOPES, type Principal } from '@opensync/contracts';
import type { KeyDirectory } from '@opensync/event-log/keys';
import type { LoginRecord } from '@opensync/event-log/logins';
import { csrfTokenOf } from '@opensync/platform/http';
import type { z } from 'zod';
import type { loginSchema, sessionSchema } from './answers.ts';

/** Who the caller is. */
export function sessionJson(
  keys: KeyDirectory,
  { workspaceId, userId, role, scopes }: Principal,
  login: { readonly token: string; readonly record: LoginRecord } | undefined,
): z.infer<typeof sessionSchema> {
  const people = keys.people.current();
  const { email, name } = people.user(userId) ?? {};
  const workspace = people.findWorkspace(workspaceId);
  return {
    user: { id: userId, ...(email !== undefined && { email }), ...(name !== undefined && { name }) },
    workspace: { id: workspaceId, ...(workspace?.name !== undefined && { name: workspace.name }) },
    role,
    scopes: SCOPES.filter((scope) => scopes.includes(scope)),
    ...(login && { login: loginJson(login.record), csrfToken: csrfTokenOf(login.token) }),
  };
}

export function loginJson(record: LoginRecord): z.infer<typeof loginSchema> {
  const { id, means, createdAt, usedAt, endsAt, operatorUntil } = record;
  return { id, means, createdAt, usedAt, endsAt, ...(operatorUntil !== undefined && { operatorUntil }) };
}
