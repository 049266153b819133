import type { FastifyRequest, RawRequestDefaultExpression } from 'fastify';
import { v7 } from 'uuid';

/** What we take over from a proxy or client: it is written to logs and headers. */
const SANE_ID = /^[\w.:-]{1,128}$/;

/** The caller's `X-Request-Id` where it is a sane one, else nothing: most requests never need an id. */
export function givenRequestId(request: RawRequestDefaultExpression): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE_ID.test(given) ? given : '';
}

/** The id to log and answer with: the caller's own, else a new one. UUIDv7, so that ids sort by time. */
export function requestIdOf(request: FastifyRequest): string {
  request.id ||= newRequestId();
  return request.id;
}

export function newRequestId(): string {
  return v7();
}
