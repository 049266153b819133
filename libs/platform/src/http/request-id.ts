import { randomUUID } from 'node:crypto';
import type { RawRequestDefaultExpression } from 'fastify';

/** What is taken over from a proxy or client: it is written to logs and headers. */
const SANE_ID = /^[\w.:-]{1,128}$/;

/** The id to log and answer with: the caller's `X-Request-Id` if it is a sane one, else a new one. Always the same one. */
export function requestIdOf(request: RawRequestDefaultExpression): string {
  const given = request.headers['x-request-id'];
  if (typeof given === 'string' && SANE_ID.test(given)) return given;
  // Kept with the request: what fails before or beside the framework asks again.
  return (request.headers['x-request-id'] = newRequestId());
}

/**
 * A UUIDv7, so that ids sort by time. Every request needs one: taking the random part from Node, which makes many at once,
 * costs a tenth of what a library does (RFC 9562, 5.7: milliseconds in the first 48 bits, then the version).
 */
export function newRequestId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
