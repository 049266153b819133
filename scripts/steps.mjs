// Long steps before a program runs: each says what it does and for how long, shows what went wrong, and ends at once, with
// everything that it started, when the person presses Ctrl-C. Dependency-free and content with Node 20.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { showProgress } from './progress.mjs';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** What a step may take to end by itself. */
const GRACE_MS = 250;
/** How much of what a failed step printed is shown. */
const SHOWN_CHARACTERS = 64 * 1024;

/** The programs that run now, each the leader of a process group. */
const running = new Set();
let stopping = false;
let launcherWatch;
let shownProgress;

/** From here on a signal that asks for it ends the steps and then this process, with exit code 0. */
export function stopOnRequest() {
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  stopWithLauncher(stop);
}

/** From here on the caller listens for those signals. */
export function leaveStoppingToCaller() {
  for (const signal of STOP_SIGNALS) process.removeListener(signal, stop);
  clearInterval(launcherWatch);
}

/** If npm has a shell between itself and this process (yarn, pnpm, `sh -c`): that ends at a SIGTERM without passing it on. */
export function stopWithLauncher(onGone) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  launcherWatch = setInterval(() => process.ppid !== parent && onGone('SIGTERM'), 250).unref();
}

function stop() {
  if (stopping) return;
  stopping = true;
  for (const child of running) endGroup(child);
  if (running.size === 0) stopped();
}

function stopped() {
  console.error('Stopped.');
  process.exit(0);
}

/** Ends this process, after a message for the person, and whatever step runs. */
export function exitNow(code, message) {
  shownProgress?.clear();
  for (const child of running) signalGroup(child, 'SIGKILL');
  if (message) console.error(message);
  process.exit(code);
}

function signalGroup({ pid }, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // the group is gone
  }
}

/** Ends a program and what it started. */
function endGroup(child) {
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS);
  child.once('close', () => {
    clearTimeout(timer);
    signalGroup(child, 'SIGKILL'); // what it had started may outlive it
  });
}

/**
 * Runs a program to its end, with progress. If it fails, ends this process with its exit code, after what it printed and
 * `failure`. After a wish to stop it does not return.
 * @param {string} title what the step does, for a person
 * @param {{ cwd: string, failure: string, quietMs?: number }} options quietMs: nothing is shown of a step that takes less
 */
export async function step(title, program, args, { cwd, failure, quietMs = 0 }) {
  const progress = showProgress(title, { quietMs });
  shownProgress = progress;
  const { code, output } = await runGroup(program, args, { cwd });
  if (code === undefined) {
    progress.clear();
    await new Promise(() => undefined);
  }
  if (code === 0) return progress.done();
  progress.failed();
  exitNow(code, `${output.trimEnd()}\n${failure}`.trimStart());
}

/**
 * Runs a program in a group of its own, so that it can be ended with all that it starts.
 * @param {{ cwd: string, signal?: AbortSignal }} options signal: ends it
 * @returns {Promise<{ code: number | undefined, output: string }>} code: undefined if it was ended from here
 */
export function runGroup(program, args, { cwd, signal }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk) => (output = (output + chunk).slice(-SHOWN_CHARACTERS));
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    const end = () => endGroup(child);
    signal?.addEventListener('abort', end, { once: true });
    child.once('error', ({ message }) => (output += `${program} does not run: ${message}\n`));
    child.once('close', (code, endedBy) => {
      running.delete(child);
      signal?.removeEventListener('abort', end);
      const wasEnded = stopping || signal?.aborted;
      resolve({ code: wasEnded ? undefined : code < 0 ? 1 : codeOf(code, endedBy), output });
      // After the step has cleared its progress away.
      if (stopping && running.size === 0) setImmediate(stopped);
    });
    if (child.pid !== undefined) running.add(child);
  });
}

/**
 * Runs a program and resolves with its exit code, 128 and more if a signal ended it.
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<number>}
 */
export function run(program, args, options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, options);
    child.once('error', ({ message }) => {
      console.error(`${program} does not run: ${message}`);
      resolve(1);
    });
    child.once('close', (code, endedBy) => resolve(codeOf(code, endedBy)));
  });
}

/** @returns {number} */
export function codeOf(code, endedBy) {
  return code ?? 128 + (constants.signals[endedBy] ?? 0);
}
