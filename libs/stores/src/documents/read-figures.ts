import {
  coverOf,
  FigureSum,
  type FigureMember,
  type Figures,
  type PeriodRange,
  type Reader,
} from '@opensync/contracts';
import type { FigureScope, FigureStore } from './figures-port.ts';

/** Quarters of an hour, from the first up to but excluding `to`; undefined: all of time. */
export type Quarters = { readonly from: number; readonly to: number } | undefined;

/** What the reader may see, without counting anything twice: own private sessions, and all that are shared. */
export function scopesOf({ workspaceId, userId, sessions }: Reader): readonly FigureScope[] {
  const own = { workspaceId, userId };
  const shared = sessions === 'visible' ? { workspaceId, userId: undefined } : own;
  return [
    { ...own, shared: false },
    { ...shared, shared: true },
  ];
}

export function rangesOf(quarters: Quarters): readonly PeriodRange[] {
  return quarters ? coverOf(quarters.from, quarters.to) : [{ level: 'all', from: 0, to: 1 }];
}

/** The sum over what the reader may see. */
export async function readFigures(
  store: Pick<FigureStore, 'figures'>,
  scopes: readonly FigureScope[],
  quarters: Quarters,
  members: readonly FigureMember[],
): Promise<Figures> {
  const found = await store.figures({ scopes, ranges: rangesOf(quarters), members });
  const sum = new FigureSum();
  for (const { figures } of found) sum.add(figures);
  return sum.figures();
}
