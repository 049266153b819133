import { dayOfQuarter, type Amounts, addAmounts } from '@opensync/contracts';
import type { FigureScope, FigureStore } from '@opensync/stores';

export type FigureReads = Pick<FigureStore, 'figures'>;

/** Adds to `quarters` the amounts of each quarter of an hour from `from` up to but excluding `to`. */
export async function readQuarters(
  store: FigureReads,
  scopes: readonly FigureScope[],
  { from, to }: { readonly from: number; readonly to: number },
  quarters: Map<number, Amounts>,
): Promise<void> {
  if (from >= to) return;
  const ranges = [{ level: 'day', from: dayOfQuarter(from), to: dayOfQuarter(to - 1) + 1 }] as const;
  for (const { figures } of await store.figures({ scopes, ranges, members: ['quarters'] })) {
    for (const [text, amounts] of Object.entries(figures.quarters!)) {
      const quarter = Number(text);
      if (quarter < from || quarter >= to) continue;
      const sum = [...(quarters.get(quarter) ?? [])];
      addAmounts(sum, amounts);
      quarters.set(quarter, sum);
    }
  }
}
