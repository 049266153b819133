import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import type { Cors } from './cors.ts';
import type { RouteTable } from './route-table.ts';

/** The headers of every answer, errors before routing included, by the `Origin` of the request. */
export type StandingHeaders = (origin: string | undefined) => Readonly<Record<string, string>>;

/** What an answer holds is one person's, and is of the type that it says. A route that may be cached says so itself. */
const ALWAYS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

export function standingHeaders(cors: Cors): StandingHeaders {
  // Most answers get the same ones, so those are put together once.
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
 * Gives each answer its standing headers, answers OPTIONS, and refuses what HTTP/1.1 says is no request, all before any
 * other hook: whatever is refused later has the headers already.
 */
export function addStandingHeaders(
  instance: FastifyInstance,
  { cors, headersFor, routes }: { cors: Cors; headersFor: StandingHeaders; routes: RouteTable },
): void {
  instance.addHook('onRequest', (request, reply, done) => {
    reply.headers(headersFor(request.headers.origin));
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
    // A browser takes any other status of a preflight for a refusal, and would hide the 404 that the request itself gets.
    if (isPreflight) reply.headers(cors.preflightHeaders);
    else if (allow === '' && request.url !== '*') return done(routes.noRoute('OPTIONS', request.url));
    if (allow !== '') reply.header('allow', allow);
    void reply.code(204).send();
  });
}

/** What Node's parser lets through. @throws AppError */
function assertValid({ raw, headers }: FastifyRequest): void {
  const { expect } = headers;
  if (expect !== undefined && !/^100-continue$/i.test(expect)) {
    throw new AppError('EXPECTATION_FAILED', 'The only Expect that is supported is `100-continue`');
  }
  const coding = headers['transfer-encoding'];
  // Any other one would end with the connection, and a proxy may read it differently. HTTP/1.0 has none at all.
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || raw.httpVersion === '1.0')) {
    throw new AppError('INVALID_REQUEST', 'The only Transfer-Encoding that is supported is `chunked`, in HTTP/1.1');
  }
  if (headers.host === undefined && raw.httpVersion === '1.1') {
    throw new AppError('INVALID_REQUEST', 'An HTTP/1.1 request needs a Host header');
  }
  if (hasSeveralHosts(raw.rawHeaders)) throw new AppError('INVALID_REQUEST', 'The request has several Host headers');
}

/** Node keeps the first one. A proxy that keeps another would have checked one host and sent the request to the next. */
function hasSeveralHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts > 1;
}
