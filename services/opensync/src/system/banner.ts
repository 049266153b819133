import type { FirstKey } from '@opensync/event-log';
import { COMMAND } from '../cli/command-name.ts';

export interface BannerFacts {
  readonly url: string;
  readonly dataDir: string | undefined;
  readonly firstKey: FirstKey | undefined;
}

/** What a person sees once the system is up. The key is in it once, on the run that made it. */
export function banner({ url, dataDir, firstKey }: BannerFacts): string {
  const lines = ['', 'OpenSync is running. Stop it with Ctrl-C.', '', `  URL    ${url}`];
  if (dataDir !== undefined) lines.push(`  Data   ${dataDir}`);
  if (firstKey && !firstKey.given) lines.push(`  Key    ${firstKey.key}   (keep it: it is shown this once)`);
  if (firstKey?.given) lines.push('  Key    the one from OPENSYNC_BOOTSTRAP_KEY');
  lines.push('');
  if (firstKey) {
    const key = firstKey.given ? '"$OPENSYNC_BOOTSTRAP_KEY"' : firstKey.key;
    lines.push('Connect Claude Code, in the shell that you start it from:', '', `  ${connectLine(url, key)}`, '');
  } else {
    lines.push(`A key for another machine or person: ${COMMAND} keys create --user EMAIL --name NAME`, '');
  }
  return lines.join('\n');
}

/** One line to paste that connects Claude Code. */
export function connectLine(url: string, key: string): string {
  return `npm install -g claude-code-sync && export CLAUDE_SYNC_CONVEX_URL=${url} CLAUDE_SYNC_API_KEY=${key} && claude-code-sync setup`;
}
