import { AppError, ConfigError, retrying } from '@opensync/platform';
import { QdrantClientResourceExhaustedError } from '@qdrant/js-client-rest';
import { StoreUnavailableError, UnfitServerError } from '../../description.ts';

/** What the client throws for an answer that is an error. */
interface Refusal extends Error {
  readonly status: number;
  readonly data: unknown;
}

/** Bad Request, Payload Too Large, Unprocessable Content: the request is wrong, and retrying does not help. */
const OUR_FAULT: ReadonlySet<number> = new Set([400, 413, 422]);

/** Too Many Requests, Bad Gateway, Service Unavailable, Gateway Timeout: the same request may succeed a moment later. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * A write is a chain of requests, and a repetition begins at its first one: if only whole chains were repeated, a
 * server that rejects one request in seven would never finish one. Every request can be sent twice: writes name what
 * they replace.
 */
const RETRIES = { attempts: 3, firstPauseMs: 100, jitter: 0.5, isRetried: isPassing };

/**
 * The answer of a client call; one that fails temporarily is repeated twice. Failures become our errors:
 * StoreUnavailableError (no connection, no answer in time, overloaded, and also a key that is no longer valid: no
 * event is at fault), or a plain error if the request is wrong.
 */
export async function answerOf<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await retrying(call, RETRIES);
  } catch (error) {
    if (isRefusal(error) && OUR_FAULT.has(error.status)) {
      throw new Error(`Qdrant refuses the request (${error.status}): ${serverReasonOf(error)}`, { cause: error });
    }
    throw new StoreUnavailableError('vectors', { cause: error });
  }
}

/** Not a timeout: it was long enough for a temporary failure. */
function isPassing(error: unknown): boolean {
  // What the client makes of a 429 that says when to come back.
  if (error instanceof QdrantClientResourceExhaustedError) return true;
  const status = statusOf(error);
  if (status !== undefined) return PASSING.has(status);
  return causesOf(error).some(({ code }) => typeof code === 'string' && /^(ECONN|EPIPE|UND_ERR_SOCKET)/.test(code));
}

/** The status of the answer that an error is about. */
export function statusOf(error: unknown): number | undefined {
  return causesOf(error).find(isRefusal)?.status;
}

const TLS_PROBLEM = /certificate|\bSSL|\bTLS|ALTNAME/i;

/**
 * The errors of {@link answerOf} while opening: one that waiting cannot fix is an UnfitServerError.
 * @param location the server's URL without credentials
 */
export function openingError(error: unknown, location: string): unknown {
  if (error instanceof ConfigError) return error;
  const status = statusOf(error);
  if (status === 401) {
    return new UnfitServerError(
      `QDRANT_API_KEY: ${location} rejects requests without a valid API key; set the value of QDRANT__SERVICE__API_KEY of that server`,
    );
  }
  if (status === 403) {
    return new UnfitServerError(
      `QDRANT_API_KEY: the key has no permission for this at ${location}: ${serverReasonOf(error)}; it must be allowed to manage collections`,
    );
  }
  const tls = causesOf(error).find((cause) => TLS_PROBLEM.test(`${String(cause.code)} ${cause.message}`));
  if (tls) {
    return new UnfitServerError(
      `QDRANT_URL: the TLS connection to ${location} failed (${tls.message}); check http:// or https://, and set ` +
        'NODE_EXTRA_CA_CERTS to the certificate authority of that server',
    );
  }
  return error;
}

/** An error and what caused it, outermost first. */
function causesOf(error: unknown): (Error & { readonly code?: unknown })[] {
  const causes: Error[] = [];
  for (let cause = error; typeof cause === 'object' && cause !== null; cause = (cause as Error).cause) {
    causes.push(cause as Error);
  }
  return causes;
}

function isRefusal(error: unknown): error is Refusal {
  return typeof (error as Partial<Refusal> | null | undefined)?.status === 'number' && !(error instanceof AppError);
}

/** The server's own words, on one line. */
function serverReasonOf(error: unknown): string {
  const refusal = causesOf(error).find(isRefusal);
  const data = refusal?.data as { readonly status?: { readonly error?: unknown } } | string | undefined;
  const reason = typeof data === 'string' ? data : data?.status?.error;
  return String(reason ?? refusal?.message ?? error).replaceAll(/\s+/g, ' ');
}
