import { refusalOf, type Action, type PositionCodec, type Principal } from '@opensync/contracts';
import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { BlockList } from 'node:net';
import { AppError } from '../errors.ts';
import type { Admit } from './admit-writes.ts';
import { clientAddress } from './client-address.ts';
import type { Connections } from './connections.ts';
import type { GuessLimit } from './guessing.ts';
import type { KeyTurns } from './key-turns.ts';
import type { KeylessLimit } from './keyless.ts';
import { assertOwnPage, hasLoginCookie, loginTokenOf, type Logins } from './logins.ts';
import type { SlowRefusals } from './slow-refusals.ts';

/**
 * Resolves with the principal of a key; with undefined if the key is unknown, revoked or expired, or its user is no longer a
 * member of its workspace. May reject with AppError UNAVAILABLE.
 */
export type Authenticate = (token: string) => Promise<Principal | undefined>;

const BEARER = /^Bearer +(osk_[\w-]+) *$/i;
/** A token of an identity provider, in the form of a JWT. */
const ACCESS_TOKEN = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i;
const NO_KEY = 'Send your API key: `Authorization: Bearer osk_…`';
const NOT_A_KEY = 'The Authorization header must read `Bearer osk_…`';

/** `throttled`: not even looked up, after too many wrong keys from the address. `login`: a login that has ended. */
export type RefusedCredential = 'key' | 'throttled' | 'login';

/** How requests are authenticated: who a key or a login belongs to, and how wrong keys are counted. */
export interface Gate {
  readonly authenticate: Authenticate;
  /** Undefined: a cookie counts for nothing. */
  readonly logins: Logins | undefined;
  /** Resolves the user of an identity provider's access token; undefined: none is accepted. */
  readonly accessTokens?: Authenticate | undefined;
  readonly guesses: GuessLimit;
  readonly keyless: KeylessLimit;
  readonly refusals: SlowRefusals;
  readonly connections: Pick<Connections, 'recognise'>;
  readonly positions: PositionCodec;
  readonly turns: KeyTurns;
  /** Proxies whose `X-Forwarded-For` counts. */
  readonly proxies: BlockList;
  /** Called for each refused credential, for the metrics. */
  readonly onRefused?: ((kind: RefusedCredential) => void) | undefined;
}

/**
 * Hook that accepts a request only with a key or a login that may do one of `actions`. It runs before any of the body is read,
 * so that an unauthenticated client can make the server neither buffer nor parse anything.
 * @param admit may refuse the request of a known caller, before it waits for its turn
 */
export function requireAccess(gate: Gate, actions: readonly Action[], admit?: Admit): onRequestAsyncHookHandler {
  const { connections, positions, turns } = gate;
  return async (request, reply) => {
    const { principal, again } = await callerOf(gate, request);
    // Before the refusal: the access log names the caller of a forbidden request, too.
    request.principal = principal;
    const refusal = refusalOf(principal, actions);
    if (refusal !== undefined) throw new AppError('FORBIDDEN', refusal);
    connections.recognise(request.raw.socket);
    admit?.(request, reply, principal.keyId);
    await turns.take(principal.keyId);
    request.positions = positions.of(principal.workspaceId);
    request.mayContinue = async () => {
      const now = await again();
      return now !== undefined && isSameOwner(now, principal) && refusalOf(now, actions) === undefined;
    };
  };
}

function isSameOwner(a: Principal, b: Principal): boolean {
  return a.workspaceId === b.workspaceId && a.userId === b.userId;
}

interface Caller {
  readonly principal: Principal;
  /** What the same key or login may do later. @throws AppError UNAVAILABLE */
  readonly again: () => Promise<Principal | undefined>;
}

/** Who sends a request, by key or by cookie, never by both. @throws AppError */
async function callerOf(gate: Gate, request: FastifyRequest): Promise<Caller> {
  const { logins, keyless } = gate;
  // A page that logs in with a key may still have the cookie of an earlier login.
  const hasCookie = logins !== undefined && !request.routeOptions.config.ignoresCookie && hasLoginCookie(request);
  if (!hasCookie) return ownerOfKey(gate, request);
  if (request.headers.authorization !== undefined) {
    await keyless.count(request);
    throw new AppError('INVALID_REQUEST', 'Send an API key or the cookie of a login, not both');
  }
  const token = loginTokenOf(request);
  const principal = token === undefined ? undefined : logins.authenticate(token);
  if (token === undefined || !principal) {
    gate.onRefused?.('login');
    await keyless.count(request);
    throw new AppError('UNAUTHORIZED', 'This login has ended; log in again');
  }
  try {
    assertOwnPage(request, token, logins.origin);
  } catch (error) {
    await keyless.count(request);
    throw error;
  }
  // An open stream is no use of a login: nobody may be looking at it.
  return { principal, again: async () => logins.authenticate(token, { isUse: false }) };
}

/** @throws AppError */
async function ownerOfKey(
  { authenticate: ofKey, accessTokens, guesses, keyless, refusals, proxies, onRefused }: Gate,
  request: FastifyRequest,
): Promise<Caller> {
  const { authorization } = request.headers;
  const accessToken = accessTokens && ACCESS_TOKEN.exec(authorization ?? '')?.[1];
  const token = accessToken ?? BEARER.exec(authorization ?? '')?.[1];
  if (token === undefined) {
    await keyless.count(request);
    throw new AppError('UNAUTHORIZED', authorization === undefined ? NO_KEY : NOT_A_KEY);
  }
  const authenticate = accessToken !== undefined && accessTokens ? accessTokens : ofKey;
  // Nearly every request has a valid key that cannot be guessed: its address does not matter.
  const isGuessable = guesses.isGuessable(token);
  const wait = isGuessable ? guesses.waitFor(clientAddress(request, proxies), token) : undefined;
  if (wait !== undefined) {
    onRefused?.('throttled');
    await refusals.wait();
    throw tooManyWrongKeys(wait);
  }
  const principal = await authenticate(token);
  if (!principal) {
    onRefused?.('key');
    const late = guesses.wrong(clientAddress(request, proxies));
    if (late !== undefined) {
      await refusals.wait();
      throw tooManyWrongKeys(late);
    }
    throw new AppError(
      'UNAUTHORIZED',
      'This API key is unknown, revoked or expired, or its user has left the workspace',
    );
  }
  if (isGuessable) guesses.right(clientAddress(request, proxies), token);
  return { principal, again: () => authenticate(token) };
}

function tooManyWrongKeys(retryAfter: number): AppError {
  return new AppError('RATE_LIMITED', 'Too many requests with wrong API keys from this address', {
    retryAfter,
  });
}
