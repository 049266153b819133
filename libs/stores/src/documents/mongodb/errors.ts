import { MongoBulkWriteError, MongoError, MongoInvalidArgumentError, MongoServerError } from 'mongodb';
import { StoreUnavailableError } from '../../description.ts';

export const DUPLICATE_KEY = 11000;

/**
 * Codes that blame our command or our document: BadValue, FailedToParse, TypeMismatch, Overflow, InvalidLength,
 * InvalidBSON, PathNotViable, ConflictingUpdateOperators, DollarPrefixedFieldName, EmptyFieldName, DottedFieldName,
 * CommandNotFound, ImmutableField, InvalidOptions, CommandNotSupported, DocumentValidationFailure,
 * BSONObjectTooLarge. All others (stepped down, overloaded, disk full, a changed password, 16500 of throttling
 * services …) concern the server: the same call may succeed later, and no event is at fault.
 */
const OUR_FAULT: ReadonlySet<unknown> = new Set([
  2, 9, 14, 15, 16, 22, 28, 40, 52, 56, 57, 59, 66, 72, 115, 121, 10334,
]);

/**
 * The error for callers of the driver: StoreUnavailableError, or a plain one for a bug. The driver's own error stays
 * here, because it carries whole documents and the topology state into logs.
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

/** Errors of Node itself, e.g. of a DNS query, that the driver passes on. */
function isOfNetwork(error: unknown): error is Error {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined;
}
