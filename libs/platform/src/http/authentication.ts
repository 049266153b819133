import { refusalOf, type Action, type Principal } from '@opensync/contracts';
import type { onRequestAsyncHookHandler } from 'fastify';
import { AppError } from '../errors.ts';

/**
 * Resolves with the principal of a key; with undefined if the key is unknown, revoked or expired, or its user is no longer a
 * member of its workspace. May reject with AppError UNAVAILABLE.
 */
export type Authenticate = (token: string) => Promise<Principal | undefined>;

const BEARER = /^Bearer +(osk_[\w-]+) *$/i;

/**
 * Hook that lets a request pass only with a key that may do one of `actions`. It runs before any of the body is read,
 * so that a stranger can make the server neither buffer nor parse anything.
 */
export function requireAccess(authenticate: Authenticate, actions: readonly Action[]): onRequestAsyncHookHandler {
  return async (request) => {
    const principal = await authenticate(bearerToken(request.headers.authorization));
    if (!principal) {
      throw new AppError(
        'UNAUTHORIZED',
        'This API key is unknown, revoked or expired, or its user has left the workspace',
      );
    }
    const refusal = refusalOf(principal, actions);
    if (refusal !== undefined) throw new AppError('FORBIDDEN', refusal);
    request.principal = principal;
  };
}

function bearerToken(header: string | undefined): string {
  if (header === undefined) throw new AppError('UNAUTHORIZED', 'Send your API key: `Authorization: Bearer osk_…`');
  const token = BEARER.exec(header)?.[1];
  if (token === undefined) throw new AppError('UNAUTHORIZED', 'The Authorization header must read `Bearer osk_…`');
  return token;
}
