/** What an operator should know of a store that fails: also why, which those who use it are not told. */
export function storeProblem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const reason = reasonOf(error);
  return error.message.includes(reason) ? error.message : `${error.message}: ${reason}`;
}

/** The innermost cause that says something. */
export function reasonOf(error: unknown): string {
  if (!isError(error)) return String(error);
  const inner = isError(error.cause) ? reasonOf(error.cause) : '';
  // Where a name stands for several addresses, what failed at each of them has no message of its own.
  return inner || error.message || String(error.code ?? '');
}

/** Also of one from another thread. */
function isError(value: unknown): value is Error & { readonly code?: unknown } {
  return typeof (value as Error | undefined)?.message === 'string';
}
