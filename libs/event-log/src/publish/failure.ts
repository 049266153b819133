import { AppError } from '@opensync/platform';
import { isDuplicateInProcess, isFull, isTooLarge, saysMaximum, saysNoSpace } from '../jetstream-codes.ts';
import { unavailable } from '../unavailable.ts';
import type { Answer } from './ack-inbox.ts';

/** Why a publish was not acked. */
export type Failure =
  /** It may succeed in a moment: leader election, restart, overload, a lost ack. */
  | { readonly kind: 'transient'; readonly reason: string }
  /** A limit of the log is reached; it accepts nothing until someone frees space. */
  | { readonly kind: 'full'; readonly error: AppError }
  /** The log rejects this message, or a message of this batch. */
  | { readonly kind: 'refused'; readonly error: AppError };

/** Seconds after which a full log is worth another attempt: someone has to free space. */
const FULL_RETRY_AFTER = 30;

/** The log accepts nothing until an operator has freed space. */
class LogFullError extends AppError {
  override readonly name = 'LogFullError';

  constructor(message: string, reason?: string) {
    super('UNAVAILABLE', message, {
      retryAfter: FULL_RETRY_AFTER,
      ...(reason !== undefined && { cause: new Error(reason) }),
    });
  }
}

/** The server answers but acknowledges nothing, as with a full disk, which it never reports. */
export class SilentLogError extends LogFullError {}

export function diskFull(): LogFullError {
  return new LogFullError('The disk of the event log is full; writes are rejected until there is free space.');
}

/** @param silent the server answers but acknowledged nothing at all */
export function lateError(silent: boolean): AppError {
  const reason = 'no ack in time';
  return silent
    ? new SilentLogError('The event log does not store events at the moment; its disk may be full.', reason)
    : unavailable(new Error(reason));
}

/** What is full, according to the server's description. */
function whatIsFull(description: string): string {
  if (saysMaximum(description)) return 'The event log has reached its limit (OPENSYNC_EVENTS_MAX_BYTES)';
  if (saysNoSpace(description)) return 'The disk of the event log is full';
  return 'The NATS server or its account has no room for the event log';
}

export function failureOf(answer: Exclude<Answer, { kind: 'ack' }>): Failure {
  if (answer.kind === 'none') return { kind: 'transient', reason: answer.reason };
  const { code, description } = answer;
  if (isFull(answer)) {
    const message = `${whatIsFull(description)}; none or only some of this was stored.`;
    return { kind: 'full', error: new LogFullError(message, description) };
  }
  if (isTooLarge(answer)) {
    return {
      kind: 'refused',
      error: new AppError('PAYLOAD_TOO_LARGE', 'An event is larger than the event log accepts.'),
    };
  }
  if (code === 429 || code >= 500 || isDuplicateInProcess(answer)) return { kind: 'transient', reason: description };
  return { kind: 'refused', error: unavailable(new Error(description)) };
}
