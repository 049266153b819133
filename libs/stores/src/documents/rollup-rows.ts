import { titleOfPrompt, type SessionRollup } from '@opensync/contracts';

/** A rollup as a database computes it: with the first prompt instead of the title derived from it. */
export type RollupRow = Omit<SessionRollup, 'title'> & { readonly prompt: string | null };

export function rollupOfRow({ prompt, ...rollup }: RollupRow): SessionRollup {
  return { ...rollup, title: prompt === null ? null : titleOfPrompt(prompt) };
}
