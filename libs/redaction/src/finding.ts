/** What a piece of text reveals. In the order of precedence where two findings overlap. */
export const SENSITIVE_KINDS = ['secret', 'email', 'path', 'host', 'name'] as const;
export type SensitiveKind = (typeof SENSITIVE_KINDS)[number];

/** A piece of a text that reveals something. */
export interface Finding {
  readonly kind: SensitiveKind;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** Without overlaps, in order: overlapping findings become one of the kind with the highest precedence. Pure. */
export function merged(findings: readonly Finding[]): Finding[] {
  const result: { kind: SensitiveKind; start: number; end: number }[] = [];
  for (const next of findings.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = result.at(-1);
    if (!last || next.start >= last.end) {
      result.push({ ...next });
      continue;
    }
    last.end = Math.max(last.end, next.end);
    if (SENSITIVE_KINDS.indexOf(next.kind) < SENSITIVE_KINDS.indexOf(last.kind)) last.kind = next.kind;
  }
  return result;
}

/** The text with each finding replaced. @param findings without overlaps, in order */
export function replaced(
  text: string,
  findings: readonly Finding[],
  replacement: (value: string, kind: SensitiveKind) => string,
): string {
  if (findings.length === 0) return text;
  let result = '';
  let at = 0;
  for (const { kind, start, end } of findings) {
    result += text.slice(at, start) + replacement(text.slice(start, end), kind);
    at = end;
  }
  return result + text.slice(at);
}
