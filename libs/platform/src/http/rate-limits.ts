import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { AppError } from '../errors.ts';

/** Requests per key and minute by route class; 0 means no limit. */
export interface RateLimits {
  readonly ingest: number;
  readonly read: number;
}
export type RouteClass = keyof RateLimits;

/** Number of keys whose counts are kept; beyond it, the least recently seen ones start again at zero. */
const COUNTED_KEYS = 50_000;

/**
 * One hook per limited class, which counts across all routes of the class. It needs the principal, so it runs after
 * the authentication. Without limits nothing is registered.
 */
export async function rateLimitHooks(
  instance: FastifyInstance,
  limits: RateLimits,
): Promise<Partial<Record<RouteClass, onRequestHookHandler>>> {
  const limited = (Object.keys(limits) as RouteClass[]).filter((name) => limits[name] > 0);
  if (limited.length === 0) return {};
  await instance.register(rateLimit, {
    global: false,
    enableDraftSpec: true,
    cache: COUNTED_KEYS,
    timeWindow: 60_000,
    keyGenerator: (request) => request.principal!.keyId,
    errorResponseBuilder: (_request, { max, ttl }) =>
      new AppError('RATE_LIMITED', `More than ${max} requests per minute with this API key`, {
        retryAfter: ttl / 1000,
      }),
  });
  return Object.fromEntries(limited.map((name) => [name, instance.rateLimit({ max: limits[name] })]));
}
