// `npm start`: from a bare clone to a running OpenSync. Installs and builds what is missing, then hands over to the
// all-in-one process on the pinned Node. Arguments after `--` go to `opensync start`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { codeOf, exitNow, leaveStoppingToCaller, runGroup, stopOnRequest, stopWithLauncher } from './steps.mjs';
import { ensureInstalled, ensureProductBuilt, fromSources, pinnedNode, root } from './workspace.mjs';

/** As in check-start.mjs. */
const REFUSED = 78;
/** Signals that request a stop; a process that does not listen for them yet is ended by them. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const args = process.argv.slice(2);
stopOnRequest();
await ensureInstalled();
await buildUnlessRefused();
leaveStoppingToCaller();
startAllInOne();

/** Builds, and ends this process as soon as it is clear that `opensync start` would refuse to start. */
async function buildUnlessRefused() {
  const built = new AbortController();
  const check = [...fromSources, join(root, 'scripts', 'check-start.mjs'), ...args];
  void runGroup(pinnedNode, check, { cwd: root, signal: built.signal }).then(({ code, output }) => {
    if (code === REFUSED) exitNow(1, output.trimEnd());
  });
  await ensureProductBuilt();
  built.abort();
}

function startAllInOne() {
  // The channel is a lifeline: when this process is gone, however it went, the all-in-one notices and stops.
  const child = spawn(pinnedNode, [join(root, 'build/opensync.js'), 'start', ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  let stopping = false;
  const stop = (signal) => {
    stopping = true;
    child.kill(signal);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, () => stop(signal));
  stopWithLauncher(stop);
  child.once('close', (code, endedBy) => {
    if (STOP_SIGNALS.includes(endedBy)) {
      console.error('Stopped.');
      process.exit(0);
    }
    // Nobody else would say what ended it: the machine ran out of memory, for example.
    if (endedBy && !stopping) console.error(`OpenSync was ended by ${endedBy}, which did not come from here.`);
    process.exit(codeOf(code, endedBy));
  });
}
