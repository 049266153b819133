import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { Action, Positions, Principal } from '@opensync/contracts';
import type { FastifyRequest } from 'fastify';
import type { Place } from './admission.ts';
import type { WorkspaceUse } from './daily-use.ts';

/** Who may call a route: anyone, or a caller who may do one of these actions. */
export type RouteAccess = 'public' | readonly [Action, ...Action[]];

/** For a route without a declaration: a forgotten decorator must never open one. */
export const DEFAULT_ACCESS: RouteAccess = ['read'];

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the authentication of every route that is not public. */
    principal: Principal | null;
    /**
     * Whether the caller may still do what the request was accepted for: for answers that last. Set with the principal.
     */
    mayContinue: (() => Promise<boolean>) | null;
    /** How the principal's workspace names sequences of the log; set with the principal. */
    positions: Positions | null;
    /** The bytes of a body of JSON, if the route keeps them. */
    rawBody: Buffer | null;
    /** The sequence of the write, for the log; 0: none. */
    writtenSequence: number;
    /** What the caller's workspace has used on this day, to add events and bytes of a write to it; null: nothing is counted. */
    use: WorkspaceUse | null;
    /** Of a write that counts as in progress; null: it is none. */
    place: Place | null;
  }
  interface FastifyContextConfig {
    access?: RouteAccess;
    /** Of a public route that probes and load balancers ask often: its requests are not counted by address. */
    unlimited?: true;
    /** Of a route that begins a login with a key: the cookie of an earlier login counts for nothing. */
    ignoresCookie?: true;
    /** The handler gets the bytes of the body, too: a signature is over them. */
    keepsBody?: true;
    /** Of a route that takes many items in one request: under overload it gives way to those that take one. */
    isBatch?: true;
  }
}

/**
 * Opens a route: `@Access('public')` to anyone, `@Access('ingest')` to callers who may do that (ACTIONS of the
 * contracts), with several actions to callers who may do any of them; the first one determines the rate-limit class.
 * Goes on the method, and is the only route configuration of it.
 */
export function Access(...access: readonly ['public'] | readonly [Action, ...Action[]]): MethodDecorator {
  const [first, ...others] = access;
  return RouteConfig({ access: first === 'public' ? first : [first, ...others] });
}

/** Opens a route that writes many items at once to plugins; as {@link Access} otherwise. */
export function AccessForBatches(): MethodDecorator {
  return RouteConfig({ access: ['ingest'], isBatch: true });
}

/** As {@link Access}, for a route that begins a login with a key: the cookie of an earlier one is ignored. */
export function AccessByKey(action: Action): MethodDecorator {
  return RouteConfig({ access: [action], ignoresCookie: true });
}

/** Opens a route to anyone, and gives it the bytes of the body as `rawBody`. */
export function PublicWithBody(): MethodDecorator {
  return RouteConfig({ access: 'public', keepsBody: true });
}

/** How the caller's workspace names sequences, as a handler's parameter. Not for public routes. */
export const CallerPositions = createParamDecorator(
  (_data: undefined, context: ExecutionContext) => context.switchToHttp().getRequest<FastifyRequest>().positions,
);

/** The authenticated Principal, as a handler's parameter. Not for public routes, which have none. */
export const Caller = createParamDecorator(
  (_data: undefined, context: ExecutionContext) => context.switchToHttp().getRequest<FastifyRequest>().principal,
);
