import type { GivenKey } from '@opensync/event-log';
import type { StoreName } from '@opensync/stores';
import { COMMAND } from '../cli/command-name.ts';

export interface BannerFacts {
  readonly url: string;
  readonly dataDir: string | undefined;
  readonly firstKey: string | undefined;
  readonly givenKey: GivenKey | undefined;
  readonly away: ReadonlyMap<StoreName, string>;
}

/** What a person notices of a store that is away. */
const WITHOUT: Readonly<Record<StoreName, string>> = {
  documents: 'Documents are away: what plugins write is kept, reads are refused until they answer.',
  search: 'Search is away: full text is left out until it answers.',
  vectors: 'Vectors are away: search by meaning is left out until they answer.',
};

/** What a person sees once the system is up. A key is in it once, on the run that made it; a given one never. */
export function banner({ url, dataDir, firstKey, givenKey, away }: BannerFacts): string {
  const lines = ['', 'OpenSync is running. Stop it with Ctrl-C.', '', `  URL    ${url}`];
  if (dataDir !== undefined) lines.push(`  Data   ${dataDir}`);
  if (firstKey !== undefined) lines.push(`  Key    ${firstKey}   (keep it: it is shown this once)`);
  if (givenKey?.isNew) lines.push('  Key    the one from OPENSYNC_BOOTSTRAP_KEY');
  if (givenKey?.problem !== undefined) {
    lines.push('', `OPENSYNC_BOOTSTRAP_KEY lets nobody in: it ${givenKey.problem}.`);
  }
  for (const [store, problem] of away) lines.push('', WITHOUT[store], `  ${problem}`);
  const works = givenKey && givenKey.problem === undefined;
  const key = firstKey ?? (works ? '"$OPENSYNC_BOOTSTRAP_KEY"' : undefined);
  const where = `in the shell that you start it from${key === undefined ? ', with a key of yours for osk_…' : ''}`;
  lines.push('', `Connect Claude Code, ${where}:`, '', `  ${connectLine(url, key ?? 'osk_…')}`, '');
  // Its `verify` does not look at the key.
  lines.push('Then send a first session, to see whether it works: claude-code-sync synctest', '');
  const isFirst = firstKey !== undefined || givenKey?.isNew;
  if (!isFirst) lines.push(`A key for another machine or person: ${COMMAND} keys create --user EMAIL --name NAME`, '');
  return lines.join('\n');
}

/** One line to paste that connects Claude Code. */
export function connectLine(url: string, key: string): string {
  return `npm install -g claude-code-sync && export CLAUDE_SYNC_CONVEX_URL=${url} CLAUDE_SYNC_API_KEY=${key} && claude-code-sync setup`;
}
