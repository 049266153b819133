import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quoted } from '../cli/command-name.ts';

/** The folder that this program runs from, if that is a clone or a copy of one and not, for example, an image. */
export function installationFolder(): string | undefined {
  const folder = fileURLToPath(new URL('../../../../', import.meta.url));
  return existsSync(join(folder, LAUNCHER)) ? folder.slice(0, -sep.length) : undefined;
}

const LAUNCHER = join('services', 'opensync', 'bin', 'opensync.mjs');

/**
 * Writes the command `opensync` into the data folder: `<data>/bin/opensync` runs the command line of this installation,
 * on the pinned Node and on that data folder. No package registry is involved, where anybody could register a package
 * that has the command's name.
 * @returns the path of the command
 * @throws NodeJS.ErrnoException if it cannot be written
 */
export async function installCommand(dataDir: string, installation: string): Promise<string> {
  const folder = join(dataDir, 'bin');
  const command = join(folder, 'opensync');
  await mkdir(folder, { recursive: true });
  // Atomically: somebody may run it at this moment.
  const unfinished = `${command}.${process.pid}`;
  await writeFile(unfinished, renderCommand(installation));
  await chmod(unfinished, 0o700);
  await rename(unfinished, command);
  return command;
}

/** For any POSIX shell. A moved installation rewrites it when it is started. */
export function renderCommand(installation: string): string {
  return `#!/bin/sh
# The command line of the OpenSync that runs on this data folder; each start rewrites this file.
installation=${quoted(installation)}
if [ ! -f "$installation/${LAUNCHER}" ]; then
  echo "opensync: OpenSync is no longer in $installation; run npm start in its new folder, which updates this command" >&2
  exit 127
fi
if [ -z "$OPENSYNC_DATA_DIR" ]; then
  self=$0
  while [ -L "$self" ]; do
    link=$(readlink "$self")
    case $link in
      /*) self=$link ;;
      *) self=$(dirname "$self")/$link ;;
    esac
  done
  OPENSYNC_DATA_DIR=$(cd "$(dirname "$self")/.." && pwd) || exit 1
  export OPENSYNC_DATA_DIR
fi
node=$installation/node_modules/node/bin/node
[ -x "$node" ] || node=node
command -v "$node" >/dev/null || {
  echo "opensync: Node is not installed; run npm start in $installation, which installs it" >&2
  exit 127
}
exec "$node" "$installation/${LAUNCHER}" "$@"
`;
}
