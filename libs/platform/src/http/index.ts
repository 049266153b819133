export { createHealthApp, createHttpApp, HTTP_SETTINGS, type HttpAppOptions } from './app.ts';
export { assertPortFree, LISTEN_SETTINGS, reachableUrl, serve } from './listen.ts';
export { Access, AccessByKey, Caller, CallerPositions, DEFAULT_ACCESS, type RouteAccess } from './access.ts';
export type { Authenticate } from './authentication.ts';
export { CheckIdempotencyKey, idempotencyKeyOf } from './idempotency-key.ts';
export type { ErrorBody } from './error-answer.ts';
export {
  assertLoginHost,
  assertSameOrigin,
  csrfTokenOf,
  isThisMachine,
  loginCookie,
  loginTokenOf,
  type Logins,
} from './logins.ts';
export { NestLogger } from './nest-logger.ts';
export { addVary } from './vary.ts';
export { DocumentsProgress, WaitForDocuments } from './wait-for-documents.ts';
export { sendSequence, sequenceAt, WaitForSequence, type HasWrite } from './wait-for-sequence.ts';
