/** Names under which plugins report themselves, mapped to the stored names. */
const KEPT_NAMES: ReadonlyMap<string, string> = new Map([['cursor', 'cursor-sync']]);

/** The stored name of a source: a filter must use it, whichever name a client gives. */
export function storedSource(source: string): string {
  return KEPT_NAMES.get(source) ?? source;
}
