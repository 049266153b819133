import type { Answer } from '../api/client.ts';
import { duration } from '../parts/times.ts';

export type Projected = Pick<
  Answer<'/api/projections'>['projections'][number],
  'name' | 'state' | 'lagMs' | 'isRebuilding' | 'secondsLeft'
>;

/** What people read from each projection. */
export const READ_FROM = { documents: 'Pages', search: 'Search', vectors: 'Search by meaning' } as const;

/** How far a projection is, in words. */
export function stateOf({ state, lagMs, isRebuilding, secondsLeft }: Projected): string {
  const behind = `${duration(Math.max(1_000, lagMs))} behind`;
  const words = {
    current: 'up to date',
    behind,
    partial: `incomplete: older sessions are being added${lagMs > 0 ? `; ${behind}` : ''}`,
    stopped: `stopped${lagMs > 0 ? `, ${behind}` : ''}`,
  } as const;
  // A projection that is current has what waits for it in a moment.
  const left = state === 'current' || secondsLeft === undefined ? '' : `; about ${duration(secondsLeft * 1_000)} left`;
  return words[state] + left + (isRebuilding ? '; being rebuilt' : '');
}

/** The same for all in few words; undefined if nothing is late. */
export function lateIn(projections: readonly Projected[]): string | undefined {
  const late = projections.filter(({ state }) => state !== 'current');
  if (late.length === 0) return undefined;
  const [first] = late;
  const words = { behind: 'behind', partial: 'incomplete', stopped: 'stopped', current: '' } as const;
  const isAlike = late.every(({ state }) => state === first!.state);
  if (isAlike && late.length === projections.length) {
    const lagMs = Math.max(...late.map((one) => one.lagMs));
    return first!.state === 'behind' ? `${duration(lagMs)} behind` : `Everything ${words[first!.state]}`;
  }
  return late
    .map(({ name, state, lagMs }) => {
      return `${READ_FROM[name]} ${state === 'behind' ? `${duration(lagMs)} ` : ''}${words[state]}`;
    })
    .join(', ');
}
