import type { RawRequestDefaultExpression } from 'fastify';
import { uuidv7 } from '../uuidv7.ts';

/** Request ids accepted from a proxy or client: they are written to logs and headers. */
const SANE_ID = /^[\w.:-]{1,128}$/;

/** The id for logs and answers: the caller's `X-Request-Id` if it is valid, otherwise a new one. Stable per request. */
export function requestIdOf(request: RawRequestDefaultExpression): string {
  const given = request.headers['x-request-id'];
  if (typeof given === 'string' && SANE_ID.test(given)) return given;
  // Stored with the request, because errors before or outside the framework ask again.
  return (request.headers['x-request-id'] = uuidv7());
}
