import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import { AppError } from '@opensync/platform';
import { Link } from './connection.ts';

/** The log does not answer, or cannot take or give anything now; the caller may try again. */
export function unavailable(cause: unknown): AppError {
  return new AppError('UNAVAILABLE', 'The event log is not available at the moment.', { cause });
}

/** Error codes of JetStream (`err_code`) for a request that it will never take; see `server/errors.json` of nats-server. */
const BAD_REQUEST = 10003;
const INVALID_JSON = 10025;
export const MESSAGE_EXCEEDS_MAXIMUM = 10054;
export const HEADER_EXCEEDS_MAXIMUM = 10097;
const REFUSALS: readonly number[] = [BAD_REQUEST, INVALID_JSON, MESSAGE_EXCEEDS_MAXIMUM, HEADER_EXCEEDS_MAXIMUM];

/** What the client throws before it sends anything (a message over `max_payload`, a bad subject), and bugs of ours. */
const MISTAKES = [
  errors.InvalidArgumentError,
  errors.InvalidSubjectError,
  TypeError,
  RangeError,
  ReferenceError,
  SyntaxError,
];

/**
 * Whether the same request would be refused for ever. Only what is wrong with the request itself counts: a missing
 * stream or consumer, a full disk or a missing permission ends when the server has recovered or someone has seen to it.
 */
function isRefusal(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return REFUSALS.includes(error.code);
  return MISTAKES.some((mistake) => error instanceof mistake);
}

/** Somebody else has written what was to be written on the condition that nobody has. */
export function isConflict(error: unknown): boolean {
  const { StreamWrongLastSequence, StreamWrongLastSequenceUnknown } = JetStreamApiCodes;
  const codes: readonly number[] = [StreamWrongLastSequence, StreamWrongLastSequenceUnknown];
  return error instanceof JetStreamApiError && codes.includes(error.code);
}

/** What nats-server says of a sequence that was removed before (JSNoMessageFoundErr, JSSequenceNotFoundErrF, JSStreamMsgDeleteFailedF). */
const GONE: readonly number[] = [JetStreamApiCodes.NoMessageFound, 10043, 10057];

/** The message that was to be removed is not there any more. */
export function isGoneAlready(error: unknown): boolean {
  return error instanceof JetStreamApiError && GONE.includes(error.code);
}

/**
 * Runs what talks to JetStream; what it throws becomes UNAVAILABLE, but for AppErrors and refusals that no retry would
 * change, which stay as they are. Without a connection it is UNAVAILABLE at once: what is written then is lost, and its
 * answer would be waited for in vain.
 */
export async function orUnavailable<T>(nc: NatsConnection, work: () => Promise<T>): Promise<T> {
  if (!Link.of(nc).up) throw unavailable(new Error('not connected'));
  try {
    return await work();
  } catch (error) {
    throw error instanceof AppError || isRefusal(error) ? error : unavailable(error);
  }
}
