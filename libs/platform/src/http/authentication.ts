import { refusalOf, type Action, type Principal } from '@opensync/contracts';
import type { onRequestAsyncHookHandler } from 'fastify';
import type { BlockList } from 'node:net';
import { AppError } from '../errors.ts';
import { clientAddress } from './client-address.ts';
import type { GuessLimit } from './guessing.ts';

/**
 * Resolves with the principal of a key; with undefined if the key is unknown, revoked or expired, or its user is no longer a
 * member of its workspace. May reject with AppError UNAVAILABLE.
 */
export type Authenticate = (token: string) => Promise<Principal | undefined>;

const BEARER = /^Bearer +(osk_[\w-]+) *$/i;

/** How requests are authenticated: who a key belongs to, and how wrong keys are counted. */
export interface Gate {
  readonly authenticate: Authenticate;
  readonly guesses: GuessLimit;
  /** Proxies whose `X-Forwarded-For` counts. */
  readonly proxies: BlockList;
}

/**
 * Hook that accepts a request only with a key that may do one of `actions`. It runs before any of the body is read,
 * so that an unauthenticated client can make the server neither buffer nor parse anything.
 */
export function requireAccess(
  { authenticate, guesses, proxies }: Gate,
  actions: readonly Action[],
): onRequestAsyncHookHandler {
  return async (request) => {
    const token = bearerToken(request.headers.authorization);
    // Nearly every request has a valid key that cannot be guessed: its address does not matter.
    const isGuessable = guesses.isGuessable(token);
    const wait = isGuessable ? guesses.waitFor(clientAddress(request, proxies), token) : undefined;
    if (wait !== undefined) throw tooManyWrongKeys(wait);
    const principal = await authenticate(token);
    if (!principal) {
      const late = guesses.wrong(clientAddress(request, proxies));
      if (late !== undefined) throw tooManyWrongKeys(late);
      throw new AppError(
        'UNAUTHORIZED',
        'This API key is unknown, revoked or expired, or its user has left the workspace',
      );
    }
    if (isGuessable) guesses.right(clientAddress(request, proxies), token);
    const refusal = refusalOf(principal, actions);
    if (refusal !== undefined) throw new AppError('FORBIDDEN', refusal);
    request.principal = principal;
  };
}

function tooManyWrongKeys(retryAfter: number): AppError {
  return new AppError('RATE_LIMITED', 'Too many requests with wrong API keys from this address', {
    retryAfter,
  });
}

function bearerToken(header: string | undefined): string {
  if (header === undefined) throw new AppError('UNAUTHORIZED', 'Send your API key: `Authorization: Bearer osk_…`');
  const token = BEARER.exec(header)?.[1];
  if (token === undefined) throw new AppError('UNAUTHORIZED', 'The Authorization header must read `Bearer osk_…`');
  return token;
}
