import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Action } from '@opensync/contracts';
import { AppError } from '../errors.ts';
import { METERED, type DailyLimits, type DailyUse, type Metered, type WorkspaceUse } from './daily-use.ts';
import { RequestRates, type RateLimits, type RouteClass } from './request-rates.ts';

export interface Limits {
  readonly rates: RequestRates;
  /** Per key and minute. */
  readonly perMinute: RateLimits;
  readonly use: DailyUse;
  /** Per workspace and day. */
  readonly perDay: DailyLimits;
}

const SECONDS_OF_DAY = 86_400;
/** What the draft calls the quota unit; requests are the default. */
const UNITS: Readonly<Record<Metered, string>> = { requests: '', events: ';qu="events"', bytes: ';qu="content-bytes"' };
const SETTINGS: Readonly<Record<Metered, string>> = {
  requests: 'OPENSYNC_DAILY_REQUESTS',
  events: 'OPENSYNC_DAILY_EVENTS',
  bytes: 'OPENSYNC_DAILY_BYTES',
};
/**
 * What a request of a route counts toward the daily limits. Requests for the caller's identity and remaining limits, of operators and of
 * Prometheus count nothing: they must still work at the limit.
 */
export function meteredOf(action: Action, isWrite: boolean): readonly Metered[] {
  if (action === 'account' || action === 'metrics' || action === 'operate') return [];
  return action === 'ingest' && isWrite ? METERED : ['requests'];
}

/**
 * The hook of a route, which counts across all routes of its class. It needs the principal, so it runs after the
 * authentication. Nothing waits: what other processes have counted is known about a second later.
 *
 * The headers are those of draft-ietf-httpapi-ratelimit-headers: the policies, and what is left of them.
 */
export function limitHook(name: RouteClass, metered: readonly Metered[], limits: Limits): onRequestHookHandler {
  const { rates, use } = limits;
  const perMinute = limits.perMinute[name];
  const quotas = metered.filter((what) => limits.perDay[what] > 0);
  const policies = [
    ...(perMinute > 0 ? [`"${name}";q=${perMinute};w=${RequestRates.WINDOW_MS / 1000}`] : []),
    ...quotas.map((what) => `"daily-${what}";q=${limits.perDay[what]};w=${SECONDS_OF_DAY}${UNITS[what]}`),
  ].join(', ');
  const isCounted = metered.length > 0;
  const isWrite = metered.includes('events');
  return (request: FastifyRequest, reply: FastifyReply, done) => {
    const { keyId, workspaceId } = request.principal!;
    const used = use.of(workspaceId);
    if (isWrite) request.use = used;
    let left = '';
    if (perMinute > 0) {
      const taken = rates.take(name, keyId);
      left = `"${name}";r=${Math.max(0, perMinute - taken.used)};t=${taken.resetSeconds}`;
      if (taken.used > perMinute) {
        announce(reply, policies, left);
        return done(
          new AppError('RATE_LIMITED', `More than ${perMinute} requests per minute with this API key`, {
            retryAfter: taken.resetSeconds,
          }),
        );
      }
    }
    if (quotas.length === 0) {
      if (isCounted) used.add('requests', 1);
      if (left !== '') announce(reply, policies, left);
      return done();
    }
    const over = quotas.find((what) => used.used(what) >= limits.perDay[what]);
    if (over === undefined) used.add('requests', 1);
    announce(reply, policies, [...(left === '' ? [] : [left]), ...quotas.map((what) => leftOf(what, used))].join(', '));
    done(over === undefined ? undefined : exhausted(over));
  };

  function leftOf(what: Metered, used: WorkspaceUse): string {
    return `"daily-${what}";r=${Math.max(0, limits.perDay[what] - used.used(what))};t=${use.resetSeconds}`;
  }

  function exhausted(what: Metered): AppError {
    const amount = limits.perDay[what].toLocaleString('en-US');
    const message = `This workspace has used its ${amount} ${what} of the day (${SETTINGS[what]}); the next day begins at 00:00 UTC`;
    return new AppError('RATE_LIMITED', message, { retryAfter: use.resetSeconds });
  }
}

function announce(reply: FastifyReply, policies: string, left: string): void {
  void reply.header('RateLimit-Policy', policies);
  void reply.header('RateLimit', left);
}
