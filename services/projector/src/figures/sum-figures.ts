import { containing, sumOf, FigureSum, type Figures, type Period } from '@opensync/contracts';
import type { FigureKey, FigureScope, FigureStore } from '@opensync/stores';
import { AppError } from '@opensync/platform';

/** More would be in memory at once. */
const SUMS_AT_ONCE = 32;
/** After losing this many races in a row, the sessions stay due and are tried again later. */
const MAX_ATTEMPTS = 20;

type SumStore = Pick<FigureStore, 'figureRevisions' | 'figureParts' | 'saveFigures'>;

/** The quarter of an owner whose sum changed. */
export interface ChangedQuarter {
  readonly workspaceId: string;
  readonly userId: string;
  readonly shared: boolean;
  readonly quarter: number;
}

/**
 * Computes the sums that contain these quarters, from the parts up: quarters of owners, quarters of workspaces, days, months, all of
 * time. Each is recomputed from its stored parts, so that nothing is counted twice or lost, however often this runs.
 *
 * With several projectors it is exact as well: a sum's revision is read before its parts. If another projector stores a
 * part after that, it computes the sum later, and one of the two loses the race for the revision and reads the parts again.
 * @throws AppError UNAVAILABLE if others keep winning
 */
export async function sumUp(store: SumStore, changed: readonly ChangedQuarter[]): Promise<void> {
  const owned = changed.map(({ workspaceId, userId, shared, quarter }) =>
    keyOf({ workspaceId, userId, shared }, { level: 'quarter', number: quarter }),
  );
  let keys = distinct(owned);
  await computeSums(store, keys);
  const ofWorkspaces = keys
    .filter(({ scope }) => scope.shared)
    .map(({ scope: { workspaceId }, level, number }) =>
      keyOf({ workspaceId, userId: undefined, shared: true }, { level, number }),
    );
  await computeSums(store, distinct(ofWorkspaces));
  keys = distinct([...keys, ...ofWorkspaces]);
  while (keys.length > 0) {
    keys = distinct(keys.flatMap((key) => parentOf(key) ?? []));
    await computeSums(store, keys);
  }
}

function parentOf({ scope, level, number }: FigureKey): FigureKey | undefined {
  const period = containing({ level, number });
  return period && keyOf(scope, period);
}

function keyOf(scope: FigureScope, { level, number }: Period): FigureKey {
  return { scope, level, number };
}

function distinct(keys: readonly FigureKey[]): FigureKey[] {
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
}

async function computeSums(store: SumStore, keys: readonly FigureKey[]): Promise<void> {
  for (let at = 0; at < keys.length; at += SUMS_AT_ONCE) {
    let pending = keys.slice(at, at + SUMS_AT_ONCE);
    for (let attempt = 0; pending.length > 0; attempt++) {
      if (attempt === MAX_ATTEMPTS) {
        throw new AppError('UNAVAILABLE', `other projectors keep saving ${pending.length} of these figures first`);
      }
      const revisions = await store.figureRevisions(pending);
      const parts = await store.figureParts(pending);
      const nodes = pending.map((key, index) => ({
        ...key,
        revision: revisions[index]!,
        figures: key.level === 'day' ? sumOfDay(parts[index]!) : sumOf(parts[index]!.map(({ figures }) => figures)),
      }));
      const lost = await store.saveFigures(nodes);
      pending = lost.map((index) => pending[index]!);
    }
  }
}

/** With the totals of each quarter, from which days of any time zone are made. */
function sumOfDay(parts: readonly { readonly number: number; readonly figures: Partial<Figures> }[]): Figures {
  const sum = new FigureSum();
  for (const { number, figures } of parts) sum.add(figures, number);
  return sum.figures();
}
