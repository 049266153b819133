import { AppError, retrying } from '@opensync/platform';
import { OpenAI } from 'openai';

/** Longer pauses are left to the caller, who gets them as `retryAfter`; the consumer of the vectors waits that long. */
const MAX_WAIT_MS = 10_000;
const FIRST_WAIT_MS = 500;

/** What the client throws while it reads a body (an abort, broken JSON) is no APIError: the connection failed as well. */
export function asApiError(error: unknown): InstanceType<typeof OpenAI.APIError> {
  if (error instanceof OpenAI.APIError) return error;
  return new OpenAI.APIConnectionError(error instanceof Error ? { cause: error } : {});
}

/**
 * Repeats `attempt` on connection errors, timeouts and the statuses 408, 409, 429 and 5xx: after the time in
 * `Retry-After`, otherwise after 0.5 s, 1 s, 2 s … with jitter. Gives up if the server asks for more than 10 s.
 */
export function withRetries<T>(
  attempt: () => Promise<T>,
  { attempts, signal }: { attempts: number; signal: AbortSignal | undefined },
): Promise<T> {
  return retrying(attempt, {
    firstPauseMs: FIRST_WAIT_MS,
    longestPauseMs: MAX_WAIT_MS,
    jitter: 0.25,
    attempts,
    signal,
    pauseOf: retryAfterMs,
    isRetried: (error) => isTransient(error) && (retryAfterMs(error) ?? 0) <= MAX_WAIT_MS,
  });
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof OpenAI.APIError)) return false;
  // No status: no connection, or the deadline of the attempt.
  if (error.status === undefined) return true;
  return error.status === 408 || error.status === 409 || error.status === 429 || error.status >= 500;
}

/** Milliseconds, from seconds or an HTTP date; undefined if the server does not say. */
function retryAfterMs(error: unknown): number | undefined {
  const headers = error instanceof OpenAI.APIError ? error.headers : undefined;
  const value = headers?.get('retry-after');
  if (!value) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/**
 * The failure in terms of our settings. Only a rejected text is INVALID_REQUEST; a wrong key, URL or model is
 * UNAVAILABLE, because the same request works once the setting is correct, and waiting work must not be
 * dead-lettered. The vendor's message goes only to the log, and not even there for 401 and 403, which quote the key.
 */
export function describeFailure(error: unknown, model: string): { error: AppError; log: Record<string, unknown> } {
  if (error instanceof AppError) return { error, log: {} };
  if (!(error instanceof OpenAI.APIError)) throw error;
  const { status } = error;
  const keyRefused = status === 401 || status === 403;
  const log = { status, code: error.code, ...(keyRefused ? {} : { vendorMessage: error.message.slice(0, 300) }) };
  const wait = retryAfterMs(error);
  const later = wait === undefined ? {} : { retryAfter: Math.ceil(wait / 1_000) };
  const unavailable = (message: string) => new AppError('UNAVAILABLE', message, later);
  if (status === undefined) return { error: unavailable('the embedding API does not answer'), log };
  if (keyRefused) return { error: unavailable('the embedding API rejects the key; check OPENAI_API_KEY'), log };
  if (status === 404) {
    const message = `the embedding API does not know ${model}: see OPENAI_BASE_URL and OPENSYNC_EMBEDDING_MODEL`;
    return { error: unavailable(message), log };
  }
  if (status === 429) {
    return { error: new AppError('RATE_LIMITED', 'the embedding API limits the rate of requests (429)', later), log };
  }
  if (status === 400 || status === 413 || status === 422) {
    return { error: new AppError('INVALID_REQUEST', `the embedding API rejects a text (${status})`), log };
  }
  return { error: unavailable(`the embedding API failed (${status})`), log };
}
