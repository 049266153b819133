import { setTimeout as delay } from 'node:timers/promises';
import { isRetryable } from '@opensync/platform';
import type { FiguresProjection } from './figures-projection.ts';

export interface KeepFiguresOptions {
  /** How often it looks for sessions that another process has saved, ms. */
  readonly everyMs?: number;
  readonly onFailure: (error: unknown) => void;
}

export interface FiguresKeeper {
  /** Documents were saved: their figures are due. */
  wake(): void;
  close(): Promise<void>;
}

/** Short enough that a dashboard is up to date, long enough that a burst of messages is one update of its session. */
const COLLECT_MS = 50;
const EVERY_MS = 5000;
const RETRY_MS = 2000;

/**
 * Keeps figures up to date in the background. It rests after each update for as long as that took, so that it never
 * takes more than half of a store's time from ingestion.
 */
export function keepFigures(
  projection: FiguresProjection,
  { everyMs = EVERY_MS, onFailure }: KeepFiguresOptions,
): FiguresKeeper {
  const stop = new AbortController();
  let woken: (() => void) | undefined;
  let isAwake = true;
  const untilWoken = async () => {
    if (!isAwake) {
      const timeout = new AbortController();
      await Promise.race([
        new Promise<void>((resolve) => (woken = resolve)),
        delay(everyMs, undefined, { signal: AbortSignal.any([timeout.signal, stop.signal]) }).catch(() => undefined),
      ]);
      timeout.abort();
    }
    isAwake = false;
  };
  const rest = (ms: number) => delay(ms, undefined, { signal: stop.signal }).catch(() => undefined);

  const run = async () => {
    let isAdopted = false;
    while (!stop.signal.aborted) {
      await untilWoken();
      const startedAt = performance.now();
      try {
        if (!isAdopted) await projection.adoptPrices();
        isAdopted = true;
        await projection.update(stop.signal);
        await rest(Math.max(COLLECT_MS, performance.now() - startedAt));
      } catch (error) {
        if (stop.signal.aborted) return;
        onFailure(error);
        isAwake = true;
        await rest(isRetryable(error) ? RETRY_MS : 10 * RETRY_MS);
      }
    }
  };
  const running = run();

  return {
    wake() {
      isAwake = true;
      woken?.();
    },
    async close() {
      stop.abort();
      woken?.();
      await running;
    },
  };
}
