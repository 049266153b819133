import { realpathSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { loadSettingsOf } from '@opensync/platform';

/** The name of this program in every text. Each start writes the command itself into the data folder. */
export const COMMAND = 'opensync';

/** Whether a shell with this environment finds the command at `path` by its name, directly or through a link. */
export function isOnPath(path: string, env: NodeJS.ProcessEnv): boolean {
  const target = realPath(path);
  return (env.PATH ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && target !== undefined && realPath(join(folder, COMMAND)) === target);
}

/** The command that starts the OpenSync of a data folder, for a person with this environment. */
export function startCommand(dataDir: string, env: NodeJS.ProcessEnv = process.env): string {
  const { OPENSYNC_DATA_DIR: usual } = loadSettingsOf(env, ['OPENSYNC_DATA_DIR']);
  if (resolve(dataDir) === resolve(usual)) return `${COMMAND} start`;
  return `${COMMAND} start --data-dir ${/^[\w./+:@-]+$/.test(dataDir) ? dataDir : quoted(dataDir)}`;
}

/** Quoted as one word of a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The line that makes a shell find the command at `path` by its name. */
export function pathLine(path: string): string {
  return `export PATH="${dirname(path).replaceAll(/["$`\\]/g, '\\$&')}:$PATH"`;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
