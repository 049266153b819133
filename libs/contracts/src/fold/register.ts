/**
 * A document under folding is a record of last-writer-wins registers: every field remembers the stream
 * sequence that set it, and an event sets a field only with a higher rank, or the same rank and a higher sequence. That makes
 * the fold commutative, associative and idempotent, so duplicates, redelivery, reordering and racing projectors converge.
 */
export interface Registers<Fields> {
  readonly fields: Partial<Fields>;
  /** The sequence that last set each field. */
  readonly sequences: { readonly [K in keyof Fields]?: number };
  /** The ranks that events gave to fields, if they differ from the ranks of the values. */
  readonly ranks?: { readonly [K in keyof Fields]?: number };
}

/**
 * How much a value counts; a value never replaces one of a higher rank, whichever came first. Ranks must be
 * non-negative integers and depend on the value alone.
 */
export type Rank<Value> = (value: Value) => number;
export type Ranks<Fields> = { readonly [K in keyof Required<Fields>]: Rank<NonNullable<Fields[K]>> };

/** All values count the same: the latest wins. */
export const latest = (): number => 0;
/** A zero never replaces a positive amount; any positive amount replaces a zero. */
export const positive: Rank<number> = (amount) => (amount > 0 ? 1 : 0);

type Sequences<Fields> = { [K in keyof Fields]?: number };

/**
 * Sets the fields that `incoming` names. Returns `registers` itself if nothing changes.
 * @param rank of all incoming values, instead of the ranks of the values
 */
export function setFields<Fields extends object>(
  registers: Registers<Fields>,
  incoming: Partial<Fields>,
  sequence: number,
  rules: Ranks<Fields>,
  rank?: number,
): Registers<Fields> {
  let set: { fields: Partial<Fields>; sequences: Sequences<Fields>; ranks: Sequences<Fields> | undefined } | undefined;
  for (const name in rules) {
    const value = incoming[name];
    if (value === undefined) continue;
    const current = registers.sequences[name];
    if (current !== undefined) {
      const rises = (rank ?? rules[name](value!)) - rankOf(registers, name, rules);
      if (rises < 0 || (rises === 0 && sequence <= current)) continue;
    }
    set ??= {
      fields: { ...registers.fields },
      sequences: { ...registers.sequences },
      ranks: registers.ranks && { ...registers.ranks },
    };
    set.fields[name] = value;
    set.sequences[name] = sequence;
    if (rank !== undefined) set.ranks = { ...set.ranks, [name]: rank };
    else if (set.ranks) delete set.ranks[name];
  }
  if (!set) return registers;
  const { fields, sequences, ranks } = set;
  return ranks && Object.keys(ranks).length > 0 ? { fields, sequences, ranks } : { fields, sequences };
}

/** The rank of a field's value; 0 if it is not set. */
export function rankOf<Fields extends object>(
  { fields, ranks }: Registers<Fields>,
  name: keyof Fields,
  rules: Ranks<Fields>,
): number {
  const value = fields[name];
  return ranks?.[name] ?? (value === undefined ? 0 : rules[name](value as NonNullable<Fields[keyof Fields]>));
}

/** When a document was first and last touched, by the lowest and the highest sequence. */
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
