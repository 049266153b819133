import type { Principal, Scope } from '@opensync/contracts';
import type { onRequestHookHandler } from 'fastify';
import { AppError } from '../errors.ts';

/** The principal of a key; undefined where the key is unknown, revoked or expired. May throw AppError UNAVAILABLE. */
export type Authenticate = (token: string) => Principal | undefined;

const BEARER = /^Bearer +(osk_[\w-]+) *$/i;

/**
 * Hook that lets a request pass only with a key that has one of `scopes`. It runs before any of the body is read,
 * so that a stranger can make the server neither buffer nor parse anything.
 */
export function requireScope(authenticate: Authenticate, scopes: readonly Scope[]): onRequestHookHandler {
  return (request, _reply, done) => {
    try {
      const principal = authenticate(bearerToken(request.headers.authorization));
      if (!principal) throw new AppError('UNAUTHORIZED', 'This API key is unknown, revoked or expired');
      if (!principal.scopes.includes('admin') && !scopes.some((scope) => principal.scopes.includes(scope))) {
        throw new AppError('FORBIDDEN', `This API key lacks the scope ${scopes.join(' or ')}`);
      }
      request.principal = principal;
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  };
}

function bearerToken(header: string | undefined): string {
  if (header === undefined) throw new AppError('UNAUTHORIZED', 'Send your API key: `Authorization: Bearer osk_…`');
  const token = BEARER.exec(header)?.[1];
  if (token === undefined) throw new AppError('UNAUTHORIZED', 'The Authorization header must read `Bearer osk_…`');
  return token;
}
