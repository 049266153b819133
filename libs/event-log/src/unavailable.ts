import { errors } from '@nats-io/transport-node';
import { AppError } from '@opensync/platform';
import { isNeverAccepted } from './jetstream-codes.ts';
import { type LogConnection } from './connection.ts';

/** The log does not answer, or cannot take or give anything now; the caller may try again. */
export function unavailable(cause: unknown): AppError {
  return new AppError('UNAVAILABLE', 'The event log is not available at the moment.', { cause });
}

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
 * Whether the same request would always be refused. Only what is wrong with the request itself counts: a missing
 * stream or consumer, a full disk or a missing permission ends when the server has recovered or someone has seen to it.
 */
function isRefusal(error: unknown): boolean {
  return isNeverAccepted(error) || MISTAKES.some((mistake) => error instanceof mistake);
}

/**
 * Runs JetStream calls; their errors become UNAVAILABLE, except AppErrors and permanent rejections, which stay as
 * they are. Without a connection it is UNAVAILABLE at once: a write would be lost, and its answer would never arrive.
 */
export async function orUnavailable<T>(nc: LogConnection, work: () => Promise<T>): Promise<T> {
  if (!nc.link.up) throw unavailable(new Error('not connected'));
  try {
    return await work();
  } catch (error) {
    throw error instanceof AppError || isRefusal(error) ? error : unavailable(error);
  }
}
