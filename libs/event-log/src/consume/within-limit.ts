import { AppError } from '@opensync/platform';
import type { BatchContext } from './batch-consumer.ts';

/** A handler timed out because it showed no progress for too long. It may still be running. */
export class BatchTimeoutError extends AppError {
  override readonly name = 'BatchTimeoutError';

  constructor(limitMs: number, deliveries: number) {
    super('UNAVAILABLE', `no progress for ${limitMs / 1000} s on a batch of ${deliveries} messages`);
  }
}

/**
 * Runs `work` as long as it shows progress at least every `limitMs`. Afterwards its signal is aborted and the call
 * rejects, although work that ignores the signal may continue: handlers are safe to repeat.
 * @throws BatchTimeoutError, and errors of `work`
 */
export async function withinLimit<T>(
  work: (context: BatchContext) => Promise<T>,
  { limitMs, deliveries, onProgress }: { limitMs: number; deliveries: number; onProgress: () => void },
): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const abort = new AbortController();
  const timer = setTimeout(() => {
    const error = new BatchTimeoutError(limitMs, deliveries);
    abort.abort(error);
    reject(error);
  }, limitMs);
  const context: BatchContext = {
    signal: abort.signal,
    onProgress: () => {
      if (abort.signal.aborted) return;
      timer.refresh();
      onProgress();
    },
  };
  try {
    return await Promise.race([work(context), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
