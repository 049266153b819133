import type { GivenKey } from '@opensync/event-log/keys';
import type { StoreName } from '@opensync/stores';
import { COMMAND, pathLine } from '../cli/command-name.ts';

export interface BannerFacts {
  readonly url: string;
  readonly dataDir: string | undefined;
  readonly firstKey: string | undefined;
  readonly givenKey: GivenKey | undefined;
  readonly away: ReadonlyMap<StoreName, string>;
  /** Findings about the stores and the log, and the actions taken; a sentence each. */
  readonly storeNotes: readonly string[];
  /** The command line; absent if it could not be written to the data folder. */
  readonly command: { readonly path: string; readonly isOnPath: boolean } | undefined;
}

/** The visible effect while a store does not answer. */
const WITHOUT: Readonly<Record<StoreName, string>> = {
  documents: 'The documents store does not answer: writes are accepted, reads are refused until it does.',
  search: 'The search store does not answer: search by words is unavailable until it does.',
  vectors: 'The vectors store does not answer: search by meaning is unavailable until it does.',
};

/**
 * The text for a person once the system is up. It shows a key only on the run that created it, and a given one never.
 */
export function banner({ url, dataDir, firstKey, givenKey, away, storeNotes, command }: BannerFacts): string {
  const lines = ['', 'OpenSync is running. Stop it with Ctrl-C.', '', `  URL      ${url}`];
  if (dataDir !== undefined) lines.push(`  Data     ${dataDir}`);
  if (command) lines.push(`  Command  ${command.path}`);
  if (firstKey !== undefined) lines.push(`  Key      ${firstKey}   (save it now: it is shown only once)`);
  if (givenKey?.isNew) lines.push('  Key      the one from OPENSYNC_BOOTSTRAP_KEY');
  if (givenKey?.problem !== undefined) {
    lines.push('', `OPENSYNC_BOOTSTRAP_KEY gives no access: it ${givenKey.problem}.`);
  }
  for (const [store, problem] of away) lines.push('', WITHOUT[store], `  ${problem}`);
  if (storeNotes.length > 0) lines.push('', ...storeNotes.map((note) => `! ${note}`));

  const works = givenKey && givenKey.problem === undefined;
  const key = firstKey ?? (works ? '"$OPENSYNC_BOOTSTRAP_KEY"' : undefined);
  const placeholder = key === undefined ? ', with your key for osk_…' : '';
  lines.push('', `To connect Claude Code, run this in the shell that you start it from${placeholder}:`, '');
  lines.push(`  ${connectLine(url, key ?? 'osk_…')}`, '');
  // Its `verify` does not check the key.
  lines.push('Then send a first session to check the connection: claude-code-sync synctest');
  lines.push(`For other agents, open ${url} in a browser.`, '');

  if (command && !command.isOnPath) {
    lines.push(`To type the command as \`${COMMAND}\`, run this in the shell that you use it from:`, '');
    lines.push(`  ${pathLine(command.path)}`, '');
  }
  const isFirst = firstKey !== undefined || givenKey?.isNew;
  if (!isFirst) lines.push(`To create a key: ${COMMAND} keys create --user EMAIL --name NAME`, '');
  return lines.join('\n');
}

/** One line to paste that connects Claude Code. */
export function connectLine(url: string, key: string): string {
  return `npm install -g claude-code-sync && export CLAUDE_SYNC_CONVEX_URL=${url} CLAUDE_SYNC_API_KEY=${key} && claude-code-sync setup`;
}
