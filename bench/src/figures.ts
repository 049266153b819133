import Table from 'cli-table3';

/** One measured figure beside its ceiling on the same machine in the same run. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly ceiling: string;
  /** Product divided by ceiling, except for latencies, where it is the same quotient but lower is better. */
  readonly ratio?: number;
  /** The lowest and the highest ratio, if it was measured in pairs; `ratio` is their median. */
  readonly spread?: readonly [number, number];
  readonly aim?: string;
  /** What a reader must know to judge it; printed once below the table. */
  readonly note?: string;
}

/** @param other the heading of what the product is measured against */
export function printFigures(figures: readonly Figure[], other = 'ceiling'): void {
  const table = new Table({
    head: ['figure', 'OpenSync', other, 'ratio', 'aim'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'left'],
  });
  const notes = [...new Set(figures.flatMap(({ note }) => note ?? []))];
  for (const { name, value, ceiling, ratio, spread, aim, note } of figures) {
    const mark = note === undefined ? '' : ` [${notes.indexOf(note) + 1}]`;
    const between = spread ? ` (${spread.map((bound) => bound.toFixed(2)).join('–')})` : '';
    table.push([
      `${name}${mark}`,
      value,
      ceiling,
      ratio === undefined ? '' : `${ratio.toFixed(2)}${between}`,
      aim ?? '',
    ]);
  }
  console.log(table.toString());
  for (const [at, note] of notes.entries()) console.log(`[${at + 1}] ${note}`);
}

/** Rates of the product and of its ceiling. */
export function rates(name: string, { product, ceiling }: { product: number; ceiling: number }, aim: string): Figure {
  return { name, value: perSecond(product), ceiling: perSecond(ceiling), ratio: product / ceiling, aim };
}

export const perSecond = (rate: number) => `${Math.round(rate).toLocaleString('en-US')}/s`;
export const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
/** @param value milliseconds */
export const micros = (value: number) => (value < 1 ? `${(value * 1_000).toFixed(1)} µs` : ms(value));

/** The value below which `share` (0–1) of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
