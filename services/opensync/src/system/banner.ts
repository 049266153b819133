import type { GivenKey } from '@opensync/event-log/keys';
import type { StoreName } from '@opensync/stores';
import { COMMAND, pathLine, quoted } from '../cli/command-name.ts';
import type { KeptKeys } from './first-keys.ts';

export interface BannerFacts {
  readonly url: string;
  readonly dataDir: string | undefined;
  readonly firstKeys: KeptKeys | undefined;
  /** A file with a working key for plugins. */
  readonly pluginFile: string | undefined;
  /** Whether the text may contain a key: a terminal forgets it, a log does not. */
  readonly showsKey: boolean;
  readonly givenKey: GivenKey | undefined;
  /** Logs the first admin in once; absent if it is not to be shown. */
  readonly loginLink?: string | undefined;
  /** What turns text into vectors; not set: it is not shown. */
  readonly model?: string;
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
 * The text for a person once the system is up. It shows the key for plugins on the run that created it; a given key and
 * the admin's never.
 */
export function banner(facts: BannerFacts): string {
  const { url, dataDir, firstKeys, givenKey, away, storeNotes, command, loginLink, model } = facts;
  const lines = ['', 'OpenSync is running. Stop it with Ctrl-C.', '', `  URL      ${url}`];
  if (dataDir !== undefined) lines.push(`  Data     ${dataDir}`);
  if (command) lines.push(`  Command  ${command.path}`);
  if (model !== undefined) lines.push(`  Model    ${model}`);
  if (firstKeys) lines.push(...keyLines(firstKeys, facts));
  if (givenKey?.isNew) lines.push("  Key      the one from OPENSYNC_BOOTSTRAP_KEY, an admin's");
  if (loginLink !== undefined) lines.push(`  Login    ${loginLink}   (once, within 15 minutes)`);
  if (givenKey?.problem !== undefined) {
    lines.push('', `OPENSYNC_BOOTSTRAP_KEY gives no access: it ${givenKey.problem}.`);
  }
  for (const [store, problem] of away) lines.push('', WITHOUT[store], `  ${problem}`);
  if (storeNotes.length > 0) lines.push('', ...storeNotes.map((note) => `! ${note}`));

  const key = pluginKey(facts);
  const placeholder = key === undefined ? ', with a key for osk_…' : '';
  lines.push('', `To connect Claude Code, run this in the shell that you start it from${placeholder}:`, '');
  lines.push(`  ${connectLine(url, key ?? 'osk_…')}`, '');
  // Its `verify` does not check the key.
  lines.push('Then send a first session to check the connection: claude-code-sync synctest');
  lines.push(`For other agents, open ${url} in a browser.`, '');

  if (command && !command.isOnPath) {
    lines.push(`To type the command as \`${COMMAND}\`, run this in the shell that you use it from:`, '');
    lines.push(`  ${pathLine(command.path)}`, '');
  }
  if (!firstKeys) lines.push(`To create a key for plugins: ${COMMAND} keys create --user EMAIL --name NAME`, '');
  return lines.join('\n');
}

function keyLines({ plugin, pluginFile, adminFile }: KeptKeys, { showsKey }: BannerFacts): string[] {
  return [
    showsKey
      ? `  Key      ${plugin}   (for plugins: writes and reads; it is also in ${pluginFile})`
      : `  Key      in the file ${pluginFile}   (for plugins: writes and reads)`,
    `  Admin    in the file ${adminFile}   (the key of an admin, which also deletes: not for plugins)`,
  ];
}

/** A key for a plugin, as a word of a shell. An admin's key does not belong into the configuration of one. */
function pluginKey({ firstKeys, pluginFile, showsKey, givenKey }: BannerFacts): string | undefined {
  if (firstKeys && showsKey) return firstKeys.plugin;
  if (pluginFile !== undefined) return `"$(cat ${quoted(pluginFile)})"`;
  const isForPlugins = givenKey && givenKey.problem === undefined && !givenKey.isAdmin;
  return isForPlugins ? '"$OPENSYNC_BOOTSTRAP_KEY"' : undefined;
}

/** One line to paste that connects Claude Code. */
export function connectLine(url: string, key: string): string {
  return `npm install -g claude-code-sync && export CLAUDE_SYNC_CONVEX_URL=${url} CLAUDE_SYNC_API_KEY=${key} && claude-code-sync setup`;
}
