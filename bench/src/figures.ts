import Table from 'cli-table3';

/** One measured figure beside its ceiling on the same machine in the same run. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly ceiling: string;
  /** Product divided by ceiling, except for latencies, where it is the same quotient but lower is better. */
  readonly ratio?: number;
  readonly aim?: string;
}

export function printFigures(figures: readonly Figure[]): void {
  const table = new Table({
    head: ['figure', 'OpenSync', 'ceiling', 'ratio', 'aim'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'left'],
  });
  for (const { name, value, ceiling, ratio, aim } of figures) {
    table.push([name, value, ceiling, ratio?.toFixed(2) ?? '', aim ?? '']);
  }
  console.log(table.toString());
}

export const perSecond = (rate: number) => `${Math.round(rate).toLocaleString('en-US')}/s`;
export const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

/** The value below which `share` (0–1) of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
