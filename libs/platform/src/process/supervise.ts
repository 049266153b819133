import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../retrying.ts';

const BACKOFF = { firstPauseMs: 100, longestPauseMs: 5000 };
/** A process that ran this long was healthy: the next restart begins with the shortest pause. */
const WELL_AFTER_MS = 30_000;

export interface Exit {
  readonly reason: string;
  readonly restartInMs: number;
}

export interface Supervised {
  /** Resolves with the reason when the current run has ended, also if it never began; asked again for each run. */
  readonly ended: () => Promise<string>;
  /** Starts the next run; a failure shows in `ended`. */
  readonly restart: () => Promise<unknown>;
  /** Called each time the process exits unexpectedly, before it is restarted. */
  readonly onExit?: ((exit: Exit) => void) | undefined;
  /** Ends the supervision; the caller ends the process. */
  readonly signal: AbortSignal;
}

/** Waits for a process that is running to exit and restarts it, with growing pauses, until the signal. Never rejects. */
export async function supervise({ ended, restart, onExit, signal }: Supervised): Promise<void> {
  let failures = 1;
  for (let startedAt = Date.now(); ;) {
    const reason = await ended();
    if (signal.aborted) return;
    if (Date.now() - startedAt > WELL_AFTER_MS) failures = 1;
    const restartInMs = backoffMs(failures++, BACKOFF);
    onExit?.({ reason, restartInMs });
    await delay(restartInMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    startedAt = Date.now();
    await restart().catch(() => undefined);
  }
}
