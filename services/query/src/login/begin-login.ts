import { setTimeout as delay } from 'node:timers/promises';
import type { Owner } from '@opensync/contracts';
import type { NewLogin } from '@opensync/event-log/logins';
import { AppError } from '@opensync/platform';
import { assertLoginHost, assertSameOrigin, loginCookie, loginTokenOf } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LoginResources } from './resources.ts';
import { sessionJson } from './session-json.ts';

/** How long a membership that another process has just written may take to arrive here. */
const ARRIVES_WITHIN_MS = 5_000;
const POLL_MS = 20;

/**
 * A new login, with a token that nobody knew before, instead of the one that the browser may have. The reply gets its cookie.
 * Resolves with who is logged in. @throws AppError UNAUTHORIZED, UNAVAILABLE
 */
export async function beginLogin(
  { keys, logins }: LoginResources,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  login: NewLogin,
) {
  const { token, record } = await logins.create(login);
  const principal = logins.authenticate(token);
  if (!principal) {
    await logins.end(token);
    throw new AppError('UNAUTHORIZED', 'This user is no longer a member of the workspace');
  }
  const former = loginTokenOf(request);
  if (former !== undefined) await logins.end(former);
  void reply.header('set-cookie', loginCookie(token, (record.endsAt - record.createdAt) / 1000));
  return sessionJson(keys, principal, { token, record });
}

/** Waits for a membership that the keeper has written. */
export async function untilMember({ keys }: Pick<LoginResources, 'keys'>, owner: Owner): Promise<void> {
  const deadline = performance.now() + ARRIVES_WITHIN_MS;
  while (keys.people.roleFor(owner) === undefined && performance.now() < deadline) await delay(POLL_MS);
}

/** @throws AppError FORBIDDEN if people cannot log in here, or if a page of another origin asks */
export function assertLoginPossible({ problem, origin }: LoginResources, request: FastifyRequest): void {
  if (problem !== undefined) throw new AppError('FORBIDDEN', problem);
  assertLoginHost(request, origin);
  assertSameOrigin(request, origin);
}
