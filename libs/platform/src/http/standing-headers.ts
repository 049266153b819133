import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import { NO_ORIGIN, type Cors } from './cors.ts';
import { hasLoginCookie } from './logins.ts';
import type { RouteTable } from './route-table.ts';

/** The headers of every answer, including errors before routing, by the `Origin` of the request. */
export type StandingHeaders = (origin: string | undefined) => Readonly<Record<string, string>>;

/** An answer is private to its caller, and has the type that it declares. A cacheable route overrides this. */
export const ALWAYS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // For a browser that opens an answer in a window or frame. Pages set their own.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const;

export function standingHeaders(cors: Cors): StandingHeaders {
  // Most answers get the same headers, so those are built once.
  const known = new Map<string | undefined, Readonly<Record<string, string>>>();
  return (origin) => {
    const headers = cors.headers(origin);
    const allowed = headers['access-control-allow-origin'];
    let all = known.get(allowed);
    if (!all) known.set(allowed, (all = { ...ALWAYS, ...headers }));
    return all;
  };
}

/**
 * Adds the standing headers to each answer, answers OPTIONS, and rejects invalid HTTP/1.1 requests, before any other
 * hook, so that later rejections already have the headers.
 */
export function addStandingHeaders(
  instance: FastifyInstance,
  { cors, headersFor, routes }: { cors: Cors; headersFor: StandingHeaders; routes: RouteTable },
): void {
  instance.addHook('onRequest', (request, reply, done) => {
    // No page of another origin reads what a person's cookie gave access to, whatever CORS says.
    reply.headers(headersFor(hasLoginCookie(request) ? NO_ORIGIN : request.headers.origin));
    reply.header('x-request-id', request.id);
    try {
      assertValid(request);
    } catch (error) {
      return done(error as AppError);
    }
    if (request.method !== 'OPTIONS') return done();
    const allow = routes.methodsOf(request.url).join(', ');
    const isPreflight =
      request.headers.origin !== undefined && request.headers['access-control-request-method'] !== undefined;
    // A browser treats any other status of a preflight as a rejection, and would hide the 404 of the request itself.
    if (isPreflight) reply.headers(cors.preflightHeaders);
    else if (allow === '' && request.url !== '*') return done(routes.noRoute('OPTIONS', request.url));
    if (allow !== '') reply.header('allow', allow);
    void reply.code(204).send();
  });
}

/** Checks that Node's parser omits. @throws AppError */
function assertValid({ raw, headers }: FastifyRequest): void {
  const { expect } = headers;
  if (expect !== undefined && !/^100-continue$/i.test(expect)) {
    throw new AppError('EXPECTATION_FAILED', 'The only Expect that is supported is `100-continue`');
  }
  const coding = headers['transfer-encoding'];
  // Any other coding would end with the connection, and a proxy may read it differently. HTTP/1.0 has none at all.
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || raw.httpVersion === '1.0')) {
    throw new AppError('INVALID_REQUEST', 'The only Transfer-Encoding that is supported is `chunked`, in HTTP/1.1');
  }
  if (headers.host === undefined && raw.httpVersion === '1.1') {
    throw new AppError('INVALID_REQUEST', 'An HTTP/1.1 request needs a Host header');
  }
  if (hasSeveralHosts(raw.rawHeaders)) throw new AppError('INVALID_REQUEST', 'The request has several Host headers');
}

/**
 * Node keeps the first one. A proxy that keeps another would have checked one host and forwarded the request to the
 * next.
 */
function hasSeveralHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts > 1;
}
