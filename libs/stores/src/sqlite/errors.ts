/**
 * Primary result codes that blame our SQL or our values: ERROR, INTERNAL, TOOBIG, CONSTRAINT, MISMATCH, MISUSE,
 * RANGE. All others (BUSY, IOERR, FULL, CANTOPEN, CORRUPT …) concern the file or the machine: the same call may
 * succeed later, and no event is at fault.
 */
const OUR_FAULT: ReadonlySet<number> = new Set([1, 2, 18, 19, 20, 21, 25]);

/** Primary result codes CORRUPT and NOTADB. */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);

/** Whether an error of node:sqlite says that another connection has the lock: primary result code BUSY. */
export function isBusy(error: unknown): boolean {
  const errcode = (error as { readonly errcode?: unknown } | null | undefined)?.errcode;
  return typeof errcode === 'number' && (errcode & 0xff) === 5;
}

/** Whether an error of node:sqlite says that the file is damaged or no database. */
export function isDamaged(error: unknown): boolean {
  const errcode = (error as { readonly errcode?: unknown } | null | undefined)?.errcode;
  return typeof errcode === 'number' && DAMAGED.has(errcode & 0xff);
}

/** Whether an error of node:sqlite says that the database cannot serve for now. See https://sqlite.org/rescode.html. */
export function isUnavailable(error: unknown): boolean {
  const errcode = (error as { readonly errcode?: unknown } | null | undefined)?.errcode;
  // Not an error of SQLite: a bug of ours.
  if (typeof errcode !== 'number') return false;
  // Extended codes keep the primary one in their low byte.
  return !OUR_FAULT.has(errcode & 0xff);
}

/**
 * Why the database cannot serve for now, by primary result code READONLY, IOERR and FULL; undefined for all others.
 * Call it in the thread that caught the error: codes do not cross threads.
 */
export function unavailability(error: unknown): string | undefined {
  const errcode = (error as { readonly errcode?: unknown } | null | undefined)?.errcode;
  if (typeof errcode !== 'number') return undefined;
  switch (errcode & 0xff) {
    case 8:
      return 'cannot write: its file is read-only';
    case 10:
      return 'cannot read or write: its disk has an error';
    case 13:
      return 'cannot write: its disk is full';
    default:
      return undefined;
  }
}
