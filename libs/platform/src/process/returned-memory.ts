import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Of the memory that this process may have. Beyond it, memory goes back to the system. */
const SHARE = 0.7;
/** A collection stops everything for some 100 ms: not more often, and not before the process has grown by this much since. */
const CHECK_MS = 2_000;
const GROWTH_BYTES = 32 * 1024 * 1024;

export interface Memory {
  /** Bytes that the process has from the system. */
  resident(): number;
  /** Bytes that it may have; 0 or more than the machine has if nothing constrains it. */
  limit(): number;
  /** Collects garbage, compacts the heap and returns the pages that are free then. */
  returnFree(): void;
}

/**
 * Keeps a process under its limit of memory. V8 keeps the pages of a heap that has shrunk for a heap that grows, and a container of
 * 512 MB has no room for all that a busy minute took. Where nothing constrains the process, nothing is done.
 * @returns ends it
 */
export function returnMemory(memory: Memory = memoryOfProcess()): () => void {
  const most = memory.limit() * SHARE;
  if (!(most > 0 && Number.isFinite(most))) return () => undefined;
  let left = 0;
  const timer = setInterval(() => {
    const resident = memory.resident();
    left = Math.min(left, resident);
    if (resident <= Math.max(most, left + GROWTH_BYTES)) return;
    memory.returnFree();
    left = memory.resident();
  }, CHECK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** That of this process. */
export function memoryOfProcess(): Memory {
  let collect: NodeJS.GCFunction | undefined;
  return {
    resident: () => process.memoryUsage.rss(),
    limit: () => process.constrainedMemory(),
    returnFree() {
      if (!collect) {
        // Node gives access to it only by this flag; a new context has what the flag adds.
        setFlagsFromString('--expose-gc');
        collect = runInNewContext('gc') as NodeJS.GCFunction;
      }
      collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    },
  };
}
