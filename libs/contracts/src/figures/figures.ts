import { addAmounts, amountOf, noAmounts, type Amounts } from './amounts.ts';

/** What figures are broken down by. */
const BREAKDOWNS = ['models', 'providers', 'sources', 'projects', 'tools'] as const;
export type Breakdown = (typeof BREAKDOWNS)[number];

/** Amounts by name; the empty name stands for none. */
export type NamedAmounts = Readonly<Record<string, Amounts>>;

/** How many sessions are how long: see `DURATION_LIMITS` and `SIZE_LIMITS`. */
export interface Lengths {
  readonly durations: readonly number[];
  readonly sizes: readonly number[];
  /** The duration of the longest session, ms; absent if none lasted. */
  readonly longest?: number;
}

/** Sums over a set of sessions in some period. All members are JSON. */
export interface Figures {
  readonly totals: Amounts;
  readonly lengths: Lengths;
  /** Of a day: the totals of its quarters of an hour, by the number of the quarter. Empty for other periods. */
  readonly quarters: NamedAmounts;
  readonly models: NamedAmounts;
  readonly providers: NamedAmounts;
  readonly sources: NamedAmounts;
  readonly projects: NamedAmounts;
  /** Only calls and errors. */
  readonly tools: NamedAmounts;
}
export const FIGURE_MEMBERS = ['totals', 'lengths', 'quarters', ...BREAKDOWNS] as const;
export type FigureMember = (typeof FIGURE_MEMBERS)[number];

/** Upper limits of the durations of sessions, ms; one more class has the longer ones. */
export const DURATION_LIMITS = [1, 5, 15, 30, 60, 120, 240, 480].map((minutes) => minutes * 60_000);
/** Upper limits of their numbers of messages. */
export const SIZE_LIMITS = [2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** The class that a value belongs to: the index of the first limit that it does not exceed. */
function classOf(limits: readonly number[], value: number): number {
  const at = limits.findIndex((limit) => value <= limit);
  return at < 0 ? limits.length : at;
}

/** Names come from clients: figures have at most this many in each breakdown. */
export const MOST_NAMES = 300;
/** Stands for the others. */
const OTHER_NAMES = '(other)';

/** Figures while they are summed up. */
export class FigureSum {
  readonly totals = noAmounts();
  readonly #durations = DURATION_LIMITS.map(() => 0).concat(0);
  readonly #sizes = SIZE_LIMITS.map(() => 0).concat(0);
  #longest = 0;
  readonly #named = new Map<FigureMember, Map<string, number[]>>();

  /** The amounts of a name, to be added to. */
  named(member: Exclude<FigureMember, 'totals' | 'lengths'>, name: string): number[] {
    let names = this.#named.get(member);
    if (!names) this.#named.set(member, (names = new Map()));
    let amounts = names.get(name);
    if (!amounts) names.set(name, (amounts = noAmounts()));
    return amounts;
  }

  addSession(durationMs: number, messages: number): void {
    this.#durations[classOf(DURATION_LIMITS, durationMs)]! += 1;
    this.#sizes[classOf(SIZE_LIMITS, messages)]! += 1;
    this.#longest = Math.max(this.#longest, durationMs);
  }

  /** All of them; for a day their totals also by quarter, of which `quarter` is the number. */
  add(figures: Partial<Figures>, quarter?: number): void {
    if (figures.totals) addAmounts(this.totals, figures.totals);
    if (figures.lengths) {
      for (const [at, count] of figures.lengths.durations.entries()) this.#durations[at]! += count;
      for (const [at, count] of figures.lengths.sizes.entries()) this.#sizes[at]! += count;
      this.#longest = Math.max(this.#longest, figures.lengths.longest ?? 0);
    }
    for (const breakdown of BREAKDOWNS) {
      for (const [name, amounts] of Object.entries(figures[breakdown] ?? {})) {
        addAmounts(this.named(breakdown, name), amounts);
      }
    }
    if (quarter !== undefined && figures.totals) addAmounts(this.named('quarters', String(quarter)), figures.totals);
  }

  /** @param mostNames in each breakdown */
  figures(mostNames = MOST_NAMES): Figures {
    const breakdowns = BREAKDOWNS.map((breakdown) => [breakdown, limited(this.#named.get(breakdown), mostNames)]);
    return {
      totals: this.totals,
      lengths: {
        durations: this.#durations,
        sizes: this.#sizes,
        ...(this.#longest > 0 && { longest: this.#longest }),
      },
      quarters: Object.fromEntries(
        [...(this.#named.get('quarters') ?? [])].filter(([, amounts]) => isCounted(amounts)),
      ),
      ...(Object.fromEntries(breakdowns) as Pick<Figures, Breakdown>),
    };
  }
}

/**
 * The names with the largest amounts; the others as one; without those that have none. Sorted by name, so that equal figures are equal texts,
 * whatever their order was.
 */
function limited(names: ReadonlyMap<string, number[]> | undefined, most: number): NamedAmounts {
  if (!names) return {};
  const byName = (a: string, b: string) => (a < b ? -1 : 1);
  let entries = [...names].filter(([, amounts]) => isCounted(amounts));
  if (entries.length > most) {
    const weight = (amounts: Amounts) => amountOf(amounts, 'totalTokens') + amountOf(amounts, 'toolCalls');
    entries.sort(([a, one], [b, other]) => weight(other) - weight(one) || byName(a, b));
    const others = noAmounts();
    const kept = entries.filter(([name]) => name !== OTHER_NAMES).slice(0, most - 1);
    const keptNames = new Set(kept.map(([name]) => name));
    entries.sort(([a], [b]) => byName(a, b));
    for (const [name, amounts] of entries) if (!keptNames.has(name)) addAmounts(others, amounts);
    entries = [...kept, [OTHER_NAMES, others]];
  }
  // From entries, since a model may be called __proto__.
  return Object.fromEntries(entries.sort(([a], [b]) => byName(a, b)));
}

/** The sum of figures. Their order must be the same each time: fractions of large numbers add up differently in another. */
export function sumOf(parts: Iterable<Partial<Figures>>): Figures {
  const sum = new FigureSum();
  for (const part of parts) sum.add(part);
  return sum.figures();
}

/** The sum of their totals alone. */
export function totalsOf(parts: Iterable<Pick<Figures, 'totals'>>): Amounts {
  const sum = noAmounts();
  for (const { totals } of parts) addAmounts(sum, totals);
  return sum;
}

function isCounted(amounts: Amounts): boolean {
  return amounts.some((amount) => amount !== 0);
}

/** Whether nothing was counted. */
export function isEmpty({ totals, tools }: Pick<Figures, 'totals' | 'tools'>): boolean {
  return !isCounted(totals) && Object.keys(tools).length === 0;
}
