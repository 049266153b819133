/**
 * Whether arrays and objects are nested deeper than this many levels. Iterative, because deep nesting would exhaust
 * recursion, here and in later readers of the value.
 */
export function isNestedDeeper(value: unknown, levels: number): boolean {
  let level: object[] = isContainer(value) ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > levels) return true;
    const next: object[] = [];
    for (const container of level) {
      if (Array.isArray(container)) {
        for (const member of container as readonly unknown[]) if (isContainer(member)) next.push(member);
      } else {
        // Parsed from JSON, it inherits nothing that is enumerable; Object.values would copy the members of each.
        for (const key in container) {
          const member = (container as Readonly<Record<string, unknown>>)[key];
          if (isContainer(member)) next.push(member);
        }
      }
    }
    level = next;
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
