/**
 * A document under folding is a record of last-writer-wins registers: every field remembers the stream
 * sequence that set it, and an event sets a field only with a higher one. That makes the fold commutative,
 * associative and idempotent, so duplicates, redelivery, reordering and racing projectors all converge.
 */
export interface Registers<Fields> {
  readonly fields: Partial<Fields>;
  /** The sequence that last set each field. */
  readonly sequences: { readonly [K in keyof Fields]?: number };
}

/** How a field treats a new value: `latest` takes the higher sequence, `positive` also never lets a zero replace more. */
export type MergeRule = 'latest' | 'positive';

/**
 * Sets the fields that `incoming` names. Under `positive` the order is (value > 0, sequence): a zero never
 * replaces a positive value however late it comes, and a positive value replaces a zero however early it came.
 * Returns `registers` itself where nothing changed.
 */
export function setFields<Fields extends object>(
  registers: Registers<Fields>,
  incoming: Partial<Fields>,
  sequence: number,
  rules: { readonly [K in keyof Fields]: MergeRule },
): Registers<Fields> {
  const fields: Partial<Fields> = { ...registers.fields };
  const sequences: { [K in keyof Fields]?: number } = { ...registers.sequences };
  let changed = false;
  for (const name in rules) {
    const value = incoming[name];
    if (value === undefined) continue;
    const current = registers.sequences[name];
    if (current !== undefined && !supersedes(rules[name], value, sequence, registers.fields[name], current)) continue;
    fields[name] = value;
    sequences[name] = sequence;
    changed = true;
  }
  return changed ? { fields, sequences } : registers;
}

function supersedes(rule: MergeRule, value: unknown, sequence: number, current: unknown, currentSequence: number) {
  if (rule === 'positive') {
    const positive = Number(value) > 0;
    if (positive !== Number(current) > 0) return positive;
  }
  return sequence > currentSequence;
}

/** When a document was first and last touched: by the lowest and the highest sequence, whatever order they come in. */
export interface Span {
  readonly firstSequence: number;
  /** Arrival of the first event, milliseconds since the epoch. */
  readonly firstAt: number;
  readonly lastSequence: number;
  readonly lastAt: number;
}

export function extendSpan(span: Span | undefined, sequence: number, at: number): Span {
  if (!span) return { firstSequence: sequence, firstAt: at, lastSequence: sequence, lastAt: at };
  if (sequence > span.lastSequence) return { ...span, lastSequence: sequence, lastAt: at };
  if (sequence < span.firstSequence) return { ...span, firstSequence: sequence, firstAt: at };
  return span;
}
