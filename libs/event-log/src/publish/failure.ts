import { AppError } from '@opensync/platform';
import { HEADER_EXCEEDS_MAXIMUM, MESSAGE_EXCEEDS_MAXIMUM, unavailable } from '../unavailable.ts';
import type { Answer } from './ack-inbox.ts';

/** Why a publish was not acked. */
export type Failure =
  /** It may succeed in a moment: leader election, restart, too much at once, a lost ack. */
  | { readonly kind: 'transient'; readonly reason: string }
  /** A limit of the log is reached; nothing goes in until someone makes room. */
  | { readonly kind: 'full'; readonly error: AppError }
  /** The log does not take this message, or something in this batch. */
  | { readonly kind: 'refused'; readonly error: AppError };

/** Error codes of JetStream (`err_code`), see `server/errors.json` of nats-server. */
const ACCOUNT_RESOURCES_EXCEEDED = 10002;
const INSUFFICIENT_RESOURCES = 10023;
const STORAGE_RESOURCES_EXCEEDED = 10047;
const STORE_FAILED = 10077;
const DUPLICATE_IN_BATCH = 10201;
const FULL = [ACCOUNT_RESOURCES_EXCEEDED, INSUFFICIENT_RESOURCES, STORAGE_RESOURCES_EXCEEDED];

/** Seconds after which a full log is worth another try: someone has to make room. */
const FULL_RETRY_AFTER = 30;

function full(message: string, reason: string): AppError {
  return new AppError('UNAVAILABLE', message, { retryAfter: FULL_RETRY_AFTER, cause: new Error(reason) });
}

/**
 * What was not acked in time.
 * @param silent the server is there and acked nothing at all: so it is with a full disk, of which it says nothing
 */
export function lateError(silent: boolean): AppError {
  const reason = 'no ack in time';
  return silent
    ? full('The event log stores nothing at the moment; its disk may be full.', reason)
    : unavailable(new Error(reason));
}

export function failureOf(answer: Exclude<Answer, { kind: 'ack' }>): Failure {
  if (answer.kind === 'none') return { kind: 'transient', reason: answer.reason };
  const { code, errorCode, description } = answer;
  // 10077 wraps any failure to store; that a limit is reached is only in its text (`maximum bytes exceeded`).
  if (FULL.includes(errorCode) || (errorCode === STORE_FAILED && description.includes('maximum'))) {
    const message = 'The event log is full and took none or only some of this.';
    return { kind: 'full', error: full(message, description) };
  }
  if (errorCode === MESSAGE_EXCEEDS_MAXIMUM || errorCode === HEADER_EXCEEDS_MAXIMUM) {
    return {
      kind: 'refused',
      error: new AppError('PAYLOAD_TOO_LARGE', 'An event is larger than the event log takes.'),
    };
  }
  if (code === 429 || code >= 500) return { kind: 'transient', reason: description };
  return { kind: 'refused', error: unavailable(new Error(description)) };
}

/** Whether a batch was refused because an event of it has an id that was stored within the duplicate window. */
export function isDuplicateBatch(answer: Answer): boolean {
  return answer.kind === 'refused' && answer.errorCode === DUPLICATE_IN_BATCH;
}
