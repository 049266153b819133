import type { RawRequestDefaultExpression } from 'fastify';
import { uuidv7 } from '../uuidv7.ts';

/** What is taken over from a proxy or client: it is written to logs and headers. */
const SANE_ID = /^[\w.:-]{1,128}$/;

/** The id to log and answer with: the caller's `X-Request-Id` if it is a sane one, else a new one. Always the same one. */
export function requestIdOf(request: RawRequestDefaultExpression): string {
  const given = request.headers['x-request-id'];
  if (typeof given === 'string' && SANE_ID.test(given)) return given;
  // Kept with the request: what fails before or beside the framework asks again.
  return (request.headers['x-request-id'] = uuidv7());
}
