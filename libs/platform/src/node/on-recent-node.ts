import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isRecentNode, pinnedNode } from './pinned-node.ts';

/**
 * Runs the program of an entry module: here if this Node is recent enough, otherwise on the pinned Node. The entry
 * must not import the program itself, because an old Node fails on its imports before it runs anything.
 * @param entry.url `import.meta.url` of the entry
 * @param entry.name of the program, for the line that says what is missing
 */
export async function onRecentNode(
  entry: { readonly url: string; readonly name: string },
  program: () => Promise<unknown>,
): Promise<void> {
  if (isRecentNode()) {
    await program();
    return;
  }
  const node = pinnedNode(entry.url);
  if (node === undefined) {
    process.stderr.write(
      `${entry.name}: Node 24 or later is needed and this is ${process.versions.node}; npm ci installs one\n`,
    );
    process.exit(1);
  }
  process.exit(await runOn(node, entry));
}

/** Resolves with the exit code, 128 and more if a signal ended the program. */
function runOn(node: string, { url, name }: { url: string; name: string }): Promise<number> {
  return new Promise((resolve) => {
    // Before the program is there: it may tell others how to stop it before this process goes on.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    // The channel is a lifeline: when this process ends in any way, the program notices and stops.
    const child = spawn(node, [fileURLToPath(url), ...process.argv.slice(2)], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    });
    child.once('error', ({ message }) => {
      process.stderr.write(`${name}: ${node} does not run: ${message}\n`);
      resolve(1);
    });
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
