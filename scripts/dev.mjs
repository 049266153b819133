// `npm run dev`: the all-in-one from its sources, started again after each save in libs/ and services/. The next process
// starts when the one before has ended, because both need the same port, data folder and nats-server.
import { spawn } from 'node:child_process';
import { join, relative } from 'node:path';
import { codeOf, leaveStoppingToCaller, runGroup, stopOnRequest, stopWithLauncher } from './steps.mjs';
import { watchFolders } from './watch-folders.mjs';
import { ensureInstalled, fromSources, pinnedNode, root } from './workspace.mjs';

const HELP = `Usage: npm run dev [-- <options of opensync start>]

Runs OpenSync from its sources and restarts it when you save a file in libs/ or services/. The data folder stays.
If a file does not compile, the error is shown and the next save tries again. Ctrl-C finishes requests, then stops.

  -p, --port <port>        port of the HTTP API; 0 takes a free one (PORT, default 3211)
  --host <address>         address to listen on (HOST, default localhost)
  -d, --data-dir <folder>  data folder (OPENSYNC_DATA_DIR, default ~/.opensync)
  -h, --help               print this help

Settings are environment variables; the README lists them.`;

/** As in check-start.mjs. */
const REFUSED = 78;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** An editor that saves all files, a formatter or a checkout writes for this long without a pause. */
const QUIET_MS = 150;
/** The process ends itself earlier than this, unless the code that is being written keeps it busy. */
const KILL_AFTER_MS = 10_000 + 1000 * (Number(process.env.OPENSYNC_DRAIN_SECONDS) || 0);

/** Lines of the banner. */
const URL_LINE = /^ {2}URL +(\S+)$/m;
const PROBLEM_LINE = /^! |does not answer:|gives no access:/;

const args = process.argv.slice(2);
if (args.some((arg) => arg === '--help' || arg === '-h')) {
  console.log(HELP);
  process.exit(0);
}
stopOnRequest();
await ensureInstalled();
await refuseWrongSettings();
leaveStoppingToCaller();

let child;
let childStopsSince;
let bannerWasShown = false;
let leaving = false;
let quiet;
const changes = new Set();

for (const signal of STOP_SIGNALS) process.on(signal, leave);
stopWithLauncher(leave);
watchFolders([join(root, 'libs'), join(root, 'services')], (path) => {
  changes.add(relative(root, path));
  clearTimeout(quiet);
  quiet = setTimeout(restart, QUIET_MS);
});
start();

/** A misspelled option or setting ends this process: no saved file corrects it. */
async function refuseWrongSettings() {
  const check = [...fromSources, join(root, 'scripts', 'check-start.mjs'), ...args];
  const { code, output } = await runGroup(pinnedNode, check, { cwd: root });
  if (code === undefined) await new Promise(() => undefined); // asked to stop
  if (code !== REFUSED) return;
  console.error(output.trimEnd());
  process.exit(1);
}

function start() {
  const startedAt = Date.now();
  const preload = new URL('typescript-sources.mjs', import.meta.url).href;
  const main = join(root, 'services/opensync/src/main.ts');
  // A group of its own: a Ctrl-C in the terminal reaches this process alone, which asks the child once. The channel is a
  // lifeline: when this process is gone, however it went, the child notices and stops.
  child = spawn(pinnedNode, [...fromSources, `--import=${preload}`, main, 'start', ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // It writes to the terminal through this process.
    env: { ...process.env, ...(process.stdout.isTTY && { OPENSYNC_KEY_DISPLAY: 'always' }) },
    detached: true,
  });
  child.stdout.setEncoding('utf8').on('data', bannerWasShown ? shortened(startedAt) : whole());
  child.once('close', ended);
}

/** Everything until a start has succeeded: its banner has the first key, which is shown only then. */
function whole() {
  let banner = '';
  return (text) => {
    process.stdout.write(text);
    banner += text;
    bannerWasShown ||= URL_LINE.test(banner);
  };
}

/** A line of the banner, and what it says of problems. */
function shortened(startedAt) {
  let banner = '';
  let shown = false;
  return (text) => {
    banner += text;
    const [, url] = URL_LINE.exec(banner) ?? [];
    if (shown || url === undefined || childStopsSince !== undefined) return;
    shown = true;
    console.log(`Restarted in ${((Date.now() - startedAt) / 1000).toFixed(1)} s: ${url}`);
    for (const line of banner.split('\n')) if (PROBLEM_LINE.test(line)) console.log(line);
  };
}

function restart() {
  if (leaving) return;
  if (child) return stop();
  const [first, ...others] = changes;
  changes.clear();
  console.log(`\n${first}${others.length > 0 ? ` and ${others.length} more` : ''} changed, restarting …`);
  start();
}

function stop() {
  if (childStopsSince !== undefined) return;
  childStopsSince = Date.now();
  const stopping = child;
  stopping.kill('SIGTERM');
  const timer = setTimeout(() => {
    console.error('The process did not stop in time and was killed.');
    stopping.kill('SIGKILL');
  }, KILL_AFTER_MS);
  stopping.once('close', () => clearTimeout(timer));
}

function ended(code, endedBy) {
  const wasStopped = childStopsSince !== undefined;
  child = undefined;
  childStopsSince = undefined;
  if (leaving) {
    console.log('Stopped.');
    process.exit(STOP_SIGNALS.includes(endedBy) ? 0 : codeOf(code, endedBy));
  }
  if (changes.size > 0) {
    clearTimeout(quiet);
    quiet = setTimeout(restart, wasStopped ? 0 : QUIET_MS);
    return;
  }
  const how = endedBy ? `was ended by ${endedBy}` : `ended with exit code ${code}`;
  console.error(`\nOpenSync ${how}. Save a file to start it again, or press Ctrl-C.`);
}

/** The second request, at least a second after the first, does not wait any longer. */
function leave() {
  if (leaving && Date.now() - leaving > 1000) child?.kill('SIGKILL');
  leaving ||= Date.now();
  clearTimeout(quiet);
  if (!child) {
    console.log('Stopped.');
    process.exit(0);
  }
  if (childStopsSince === undefined) console.log('\nStopping …');
  stop();
}
