import type { Answer } from '../../api/client.ts';
import { counted } from '../../parts/numbers.ts';

type Store = Answer<'/api/operator/generations'>['stores'][number];

/** How a store is. A next generation that no process works on was interrupted. */
export function stateOf({ next, worker, isFilling }: Pick<Store, 'next' | 'worker' | 'isFilling'>): {
  readonly kind: 'ok' | 'warn';
  readonly words: string;
} {
  if (next && worker !== null) return { kind: 'warn', words: 'Being rebuilt' };
  if (next) return { kind: 'warn', words: 'Rebuild interrupted' };
  if (isFilling) return { kind: 'warn', words: 'Being filled' };
  return { kind: 'ok', words: 'Complete' };
}

/** How far the next generation is. */
export function nextOf({ done, sessions }: NonNullable<Store['next']>): string {
  if (done !== null) return `${Math.floor(done * 100)} % of the log`;
  return sessions === null ? 'has just begun' : `${counted(sessions, 'session')} so far`;
}

export function generationsKept(kept: readonly number[]): string {
  return kept.length === 0 ? '–' : kept.join(', ');
}
