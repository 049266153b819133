import { isEmpty, LEVELS, type Figures, type Owner } from '@opensync/contracts';
import type { DocumentStore, FigureScope } from '@opensync/stores';
import type { PriceTable } from '../rating/index.ts';

/** A price table of one model: a micro-dollar per token. */
export const ONE_PRICE: PriceTable = {
  digest: 'one price',
  pricesOf: (_provider, model) => (model === 'priced' ? { input: 1, output: 1 } : undefined),
};

/** All sums of these owners and their workspaces, without empty ones. */
export async function allFigures(documents: DocumentStore, owners: readonly Owner[]): Promise<Record<string, Figures>> {
  const workspaces = new Set(owners.map(({ workspaceId }) => workspaceId));
  const scopes: FigureScope[] = [
    ...owners.flatMap((owner) => [false, true].map((shared) => ({ ...owner, shared }))),
    ...[...workspaces].map((workspaceId) => ({ workspaceId, userId: undefined, shared: true })),
  ];
  const ranges = LEVELS.map((level) => ({ level, from: 0, to: Number.MAX_SAFE_INTEGER }));
  const members = ['totals', 'lengths', 'quarters', 'models', 'providers', 'sources', 'projects', 'tools'] as const;
  const found = await documents.figures({ scopes, ranges, members });
  const byKey = found
    .filter(({ figures }) => !isEmpty(figures as Figures))
    .map(({ scope, level, number, figures }): [string, Figures] => {
      const { workspaceId, userId = 'all', shared } = scope;
      return [`${workspaceId} ${userId} ${shared} ${level} ${number}`, figures as Figures];
    });
  return Object.fromEntries(byKey.sort(([a], [b]) => (a < b ? -1 : 1)));
}
