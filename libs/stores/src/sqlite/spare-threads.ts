import { Worker } from 'node:worker_threads';
import { workerFlags } from '@opensync/platform/node';

/** Threads of one module that are kept while they have no database. */
const MOST_SPARE = 4;
/** How long a thread waits for another database before it ends, milliseconds. */
const SPARE_MS = 10_000;

/** Of the heap of a thread, for what is new: rows on their way. Most are garbage at once, so more would only take memory. */
const YOUNG_MIB = 12;

interface Spare {
  readonly worker: Worker;
  readonly end: NodeJS.Timeout;
}

const spares = new Map<string, Spare[]>();

/**
 * A thread that runs a worker module and has no database open. A thread without a database is kept for a moment,
 * because to load a module takes several times as long as to open a database.
 */
export function takeThread(entry: URL): Worker {
  const spare = spares.get(entry.href)?.pop();
  if (!spare) return startThread(entry);
  clearTimeout(spare.end);
  removeListeners(spare.worker);
  spare.worker.ref();
  return spare.worker;
}

/** Keeps a thread without a database for the next one, or ends it. */
export function giveBack(entry: URL, worker: Worker): void {
  removeListeners(worker);
  const waiting = spares.get(entry.href) ?? [];
  spares.set(entry.href, waiting);
  if (waiting.length >= MOST_SPARE) {
    void worker.terminate();
    return;
  }
  const forget = () => {
    clearTimeout(spare.end);
    const at = waiting.indexOf(spare);
    if (at >= 0) waiting.splice(at, 1);
  };
  const end = setTimeout(() => {
    // At once: a thread takes a moment to end, and nobody may take it meanwhile.
    forget();
    void worker.terminate();
  }, SPARE_MS);
  const spare: Spare = { worker, end };
  worker.once('exit', forget);
  worker.once('error', forget);
  // Neither keeps the process running.
  worker.unref();
  spare.end.unref();
  waiting.push(spare);
}

/** Has a thread load the module now, which {@link takeThread} finds later. */
export function prepareThread(entry: URL): void {
  if (!spares.get(entry.href)?.length) giveBack(entry, startThread(entry));
}

/** Removes the user's listeners; Node's own for other events stay, because the worker receives nothing without them. */
function removeListeners(worker: Worker): void {
  for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
}

function startThread(entry: URL): Worker {
  return new Worker(entry, {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    execArgv: workerFlags(entry),
  });
}
