// `npm start`: from a bare clone to a running OpenSync. Installs and builds where needed, then hands over to the
// all-in-one process on the pinned Node. Arguments after `--` go to `opensync start`.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, pinnedNode, root } from './workspace.mjs';

await ensureInstalled();
await ensureBuilt();

// The channel is a lifeline: when this process is gone, however it went, the all-in-one notices and stops.
const child = spawn(pinnedNode, [join(root, 'services/opensync/dist/main.js'), 'start', ...process.argv.slice(2)], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});
let stopping = false;
const stop = (signal) => {
  stopping = true;
  child.kill(signal);
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
// Where npm still has a shell between it and this process (yarn, pnpm, `sh -c`): that ends at a SIGTERM without passing it on.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stop('SIGTERM'), 250).unref();
}
child.once('close', (code, signal) => {
  // By whom it was killed nobody else would say: the memory of the machine ran out, for example.
  if (signal && !stopping) console.error(`OpenSync was ended by ${signal}, which did not come from here.`);
  process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
});
