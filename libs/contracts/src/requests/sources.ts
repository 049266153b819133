/** The names under which plugins report themselves, where another one is kept. */
const KEPT_NAMES: ReadonlyMap<string, string> = new Map([['cursor', 'cursor-sync']]);

/** The name under which a source is stored: a filter has to look for that one, whichever of them a client gives. */
export function storedSource(source: string): string {
  return KEPT_NAMES.get(source) ?? source;
}
