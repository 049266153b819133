import { PROJECTIONS, type Projection } from '@opensync/contracts';
import type { OperatorResources } from './operator-resources.ts';

/**
 * How far a projection is, for everybody who looks at what it holds. Amounts are left out: they count the events of all
 * workspaces.
 */
export interface ProjectionState {
  readonly name: Projection;
  /** Everything that was written before this time is in it; milliseconds since the epoch. */
  readonly asOf: number;
  readonly lagMs: number;
  readonly state: 'current' | 'behind' | 'partial' | 'stopped';
  /** Whether its next generation is being filled. */
  readonly isRebuilding: boolean;
  /** How long its backlog takes at the pace of the last minutes; absent if it has none, or if nobody knows. */
  readonly secondsLeft?: number;
}

/** A projection that processes within moments is current. */
const CURRENT_MS = 2_000;

export async function readProjections(
  { consumers, generations }: Pick<OperatorResources, 'consumers' | 'generations'>,
  now: number,
): Promise<ProjectionState[]> {
  const [statuses, records] = await Promise.all([consumers(), generations()]);
  const ofDocuments = statuses.find(({ name }) => name === 'documents')?.lagMs ?? 0;
  return PROJECTIONS.map((name) => {
    const { lagMs: own = 0, problem, secondsLeft } = statuses.find((status) => status.name === name) ?? {};
    // An index follows the documents: what those lack, no change has announced to it yet.
    const lagMs = Math.max(own, ofDocuments);
    const isPartial = problem?.startsWith('its index') ?? false;
    const isStopped = problem !== undefined && !isPartial;
    const state = isStopped ? 'stopped' : isPartial ? 'partial' : lagMs <= CURRENT_MS ? 'current' : 'behind';
    const isRebuilding = records[name]?.rebuild !== undefined;
    return { name, asOf: now - lagMs, lagMs, state, isRebuilding, ...(secondsLeft !== undefined && { secondsLeft }) };
  });
}
