import { rootReasonOf } from '@opensync/platform';

/** What an operator needs to know about a failing store, including the cause, which callers of the store do not see. */
export function storeProblem(error: unknown): string {
  const reason = rootReasonOf(error);
  if (!(error instanceof Error)) return reason;
  return error.message.includes(reason) ? error.message : `${error.message}: ${reason}`;
}
