import { MongoBulkWriteError, MongoError, MongoInvalidArgumentError, MongoServerError } from 'mongodb';
import { StoreUnavailableError } from '../../description.ts';

export const DUPLICATE_KEY = 11000;

/**
 * Codes that say our command or our document is wrong: BadValue, FailedToParse, TypeMismatch, Overflow, InvalidLength,
 * InvalidBSON, PathNotViable, ConflictingUpdateOperators, DollarPrefixedFieldName, EmptyFieldName, DottedFieldName,
 * CommandNotFound, ImmutableField, InvalidOptions, CommandNotSupported, DocumentValidationFailure,
 * BSONObjectTooLarge. All others (stepped down, overloaded, disk full, a password that was changed, 16500
 * of services that throttle …) are about the server: the same call may succeed later, and no event is to blame.
 */
const OUR_FAULT: ReadonlySet<unknown> = new Set([
  2, 9, 14, 15, 16, 22, 28, 40, 52, 56, 57, 59, 66, 72, 115, 121, 10334,
]);

/**
 * What callers get for an error under a call to the driver: StoreUnavailableError, or a plain one where it is a bug.
 * The driver's own error stays here: it carries whole documents and the state of the topology into the logs.
 */
export function toStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailableError) return error;
  const isDrivers = error instanceof MongoError;
  if (!isDrivers && !isOfNetwork(error)) return error;
  const cause = new Error(`${error.name}: ${error.message}`);
  cause.stack = error.stack;
  if (isDrivers && isOurFault(error)) return new Error('the documents store rejected the request', { cause });
  return new StoreUnavailableError('documents', { cause });
}

function isOurFault(error: MongoError): boolean {
  if (error instanceof MongoBulkWriteError) {
    return error.result.getWriteErrors().some(({ code }) => OUR_FAULT.has(code));
  }
  if (error instanceof MongoServerError) return OUR_FAULT.has(error.code);
  return error instanceof MongoInvalidArgumentError;
}

/** Errors of Node's own, of a DNS query for instance, that the driver passes on. */
function isOfNetwork(error: unknown): error is Error {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined;
}
