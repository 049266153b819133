import { titleOfPrompt, type SessionRollup } from '@opensync/contracts';

/** A rollup as a database finds it: with the first prompt in place of the title that it makes. */
export type RollupRow = Omit<SessionRollup, 'title'> & { readonly prompt: string | null };

export function rollupOfRow({ prompt, ...rollup }: RollupRow): SessionRollup {
  return { ...rollup, title: prompt === null ? null : titleOfPrompt(prompt) };
}
