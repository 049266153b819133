import { JetStreamApiError } from '@nats-io/jetstream';

/**
 * The error codes (`err_code`) of nats-server that this package acts on; `server/errors.json` of nats-server lists
 * all.
 */
export const JETSTREAM_CODE = {
  accountResourcesExceeded: 10002,
  badRequest: 10003,
  consumerNotFound: 10014,
  insufficientResources: 10023,
  invalidJson: 10025,
  messageNotFound: 10037,
  notEnabledForAccount: 10039,
  sequenceNotFound: 10043,
  storageResourcesExceeded: 10047,
  messageExceedsMaximum: 10054,
  messageDeleteFailed: 10057,
  streamNotFound: 10059,
  wrongLastSequence: 10071,
  /** Wraps any failure to store a message; only the description identifies it. */
  storeFailed: 10077,
  headerExceedsMaximum: 10097,
  duplicateInProcess: 10158,
  wrongLastSequenceUnknown: 10164,
  duplicateInBatch: 10201,
} as const;

/** The status of a message without a body, with which nats-server answers pulls, direct gets and requests. */
export const NATS_STATUS = {
  /** A heartbeat, or flow control. */
  control: 100,
  endOfBatch: 204,
  notFound: 404,
  requestExpired: 408,
  conflict: 409,
  noResponders: 503,
} as const;

/** An error in the answer to a publish, which does not arrive as a JetStreamApiError. */
export interface RefusedPublish {
  readonly errorCode: number;
  readonly description: string;
}

type CodeName = keyof typeof JETSTREAM_CODE;

/**
 * A predicate for errors of JetStream calls and answers to publishes. Errors without a code, such as a timeout, never
 * match.
 */
function hasCode(...names: readonly CodeName[]): (problem: unknown) => boolean {
  const codes = new Set<number>(names.map((name) => JETSTREAM_CODE[name]));
  return (problem) => codes.has(codeOf(problem) ?? NaN);
}

function codeOf(problem: unknown): number | undefined {
  if (problem instanceof JetStreamApiError) return problem.code;
  return (problem as Partial<RefusedPublish> | null | undefined)?.errorCode;
}

export const isStreamNotFound = hasCode('streamNotFound');
export const isConsumerNotFound = hasCode('consumerNotFound');
export const isMessageNotFound = hasCode('messageNotFound');

/** JetStream is off for the account of this connection. */
export const isJetStreamOff = hasCode('notEnabledForAccount');

/** Another writer was faster: the write was conditional on an unchanged value. */
export const isConflict = hasCode('wrongLastSequence', 'wrongLastSequenceUnknown');

/**
 * The message to delete does not exist: the server has different codes for inside a stream, beyond its ends, and an
 * empty stream.
 */
export const isGoneAlready = hasCode('messageNotFound', 'sequenceNotFound', 'messageDeleteFailed');

export const isTooLarge = hasCode('messageExceedsMaximum', 'headerExceedsMaximum');

/** The request itself is invalid: the server rejects it permanently. */
export const isNeverAccepted = hasCode('badRequest', 'invalidJson', 'messageExceedsMaximum', 'headerExceedsMaximum');

/** In a cluster: a message with the same id is being stored, and it is undecided which one was first. */
export const isDuplicateInProcess = hasCode('duplicateInProcess');

/** A message of the batch has an id that was stored within the duplicate window. */
export const isDuplicateInBatch = hasCode('duplicateInBatch');

const isOutOfResources = hasCode('accountResourcesExceeded', 'insufficientResources', 'storageResourcesExceeded');
const isStoreFailed = hasCode('storeFailed');

const MAXIMUM = 'maximum';
const NO_SPACE = 'no space left on device';

/** A limit of the stream is reached. @param description the server's, of an answer that {@link isFull} */
export function saysMaximum(description: string): boolean {
  return description.includes(MAXIMUM);
}

export function saysNoSpace(description: string): boolean {
  return description.includes(NO_SPACE);
}

/** The server has no space for a stream: it would exceed a limit, or the disk is full. */
export function isOutOfStorage(error: unknown): boolean {
  return isOutOfResources(error) || (error instanceof JetStreamApiError && saysNoSpace(error.message));
}

/** The log rejects messages: a limit of the stream, the account or the server is reached, or the disk is full. */
export function isFull(refused: RefusedPublish): boolean {
  const { description } = refused;
  return (
    isOutOfResources(refused) || (isStoreFailed(refused) && (saysMaximum(description) || saysNoSpace(description)))
  );
}
