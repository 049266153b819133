import type { Answer } from '../../api/client.ts';
import { counted } from '../../parts/numbers.ts';

type Backups = Answer<'/api/operator/backups'>;

/** As the alerts BackupOld and BackupUnproven. */
const OLD_MS = 26 * 60 * 60_000;
const UNPROVEN_MS = 8 * 24 * 60 * 60_000;

export interface Verdict {
  readonly kind: 'ok' | 'warn' | 'bad';
  readonly words: string;
}

/** Whether there is a recent backup. */
export function ageOf({ at, backups }: Pick<Backups, 'at' | 'backups'>): Verdict {
  const [last] = backups;
  if (!last) return { kind: 'bad', words: 'There is no backup' };
  return at - last.at > OLD_MS ? { kind: 'warn', words: 'Old' } : { kind: 'ok', words: 'Recent' };
}

/** Whether a restore of it has been compared with what is live. */
export function proofOf({ at, rehearsals, proof }: Pick<Backups, 'at' | 'rehearsals' | 'proof'>): Verdict {
  if (rehearsals[0] && rehearsals[0].problem !== null) return { kind: 'bad', words: 'The last rehearsal failed' };
  if (!proof) return { kind: 'warn', words: 'Never proved' };
  return at - proof.at > UNPROVEN_MS ? { kind: 'warn', words: 'Proved long ago' } : { kind: 'ok', words: 'Proved' };
}

/** What a loss of the log at this moment would cost, besides what plugins send again. Positions may have gaps. */
export function behindOf({ lastSequence, backups }: Pick<Backups, 'lastSequence' | 'backups'>): string {
  const behind = Math.max(0, lastSequence - (backups[0]?.to ?? 0));
  return behind === 0 ? 'everything is in it' : `up to ${counted(behind, 'event')} not in it yet`;
}

/** Enough of a digest to compare by eye. */
export const digestOf = (digest: string | null): string => digest?.slice(0, 12) ?? '–';
