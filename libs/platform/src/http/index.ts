export { createHealthApp, createHttpApp, dailyLimitsOf, HTTP_SETTINGS, type HttpAppOptions } from './app.ts';
export { codingsOf } from './accept-encoding.ts';
export { assertPortFree, LISTEN_SETTINGS, serve } from './listen.ts';
export {
  Access,
  AccessByKey,
  AccessForBatches,
  Caller,
  CallerPositions,
  DEFAULT_ACCESS,
  PublicWithBody,
  type RouteAccess,
} from './access.ts';
export { TargetName, type NameTarget } from './access-target.ts';
export { writeClassOf } from './admit-writes.ts';
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
export {
  DailyUse,
  METERED,
  STORED_AT_ONCE,
  type Amounts,
  type CountedDay,
  type DailyLimits,
  type Metered,
} from './daily-use.ts';
export type { Limits } from './rate-limits.ts';
export { RequestRates, type CountedRequests } from './request-rates.ts';
export { NestLogger } from './nest-logger.ts';
export { addVary } from './vary.ts';
export { DocumentsProgress, WaitForDocuments } from './wait-for-documents.ts';
export { sendSequence, sequenceAt, WaitForSequence, type HasWrite } from './wait-for-sequence.ts';
