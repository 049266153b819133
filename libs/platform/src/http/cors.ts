/** Headers that a browser may send for scripts of another origin. */
const REQUEST_HEADERS = [
  'Authorization',
  'Content-Type',
  'Content-Encoding',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'Last-Event-ID',
  'Osk-Wait-Sequence',
  'Range',
  'X-Request-Id',
  'traceparent',
].join(', ');

/** Response headers that a browser exposes to such scripts, in addition to the default ones. */
const EXPOSED_HEADERS = [
  'Accept-Ranges',
  'Allow',
  'Content-Disposition',
  'Content-Range',
  'ETag',
  'Osk-Sequence',
  'Osk-Stale',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Export-Sessions',
  'X-Export-TestCases',
  'X-Request-Id',
].join(', ');

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const MAX_AGE_S = 86_400;

/** Instead of the origin of a request whose answer no other origin may read. No browser sends it. */
export const NO_ORIGIN = '';

type Headers = Readonly<Record<string, string>>;

/**
 * Which origins may call from a browser. Every answer must have these headers: without them no script can read an
 * error.
 */
export class Cors {
  /** Undefined: every origin, for requests with a key. */
  readonly #origins: ReadonlySet<string> | undefined;
  readonly #allowed: Headers;
  readonly #refused: Headers;

  /** @param origins separated by commas, or `*`, which is the default */
  constructor(origins = '*') {
    const listed = origins.split(',').map((origin) => origin.trim());
    this.#origins = listed.includes('*') ? undefined : new Set(listed);
    this.#allowed = { 'access-control-expose-headers': EXPOSED_HEADERS };
    // A cache must not serve the answer for one origin to another.
    this.#refused = { vary: 'Origin' };
    if (this.#origins === undefined) this.#allowed = { 'access-control-allow-origin': '*', ...this.#allowed };
  }

  /** The headers of an answer to a request that came from `origin`. */
  headers(origin: string | undefined): Headers {
    if (origin === NO_ORIGIN) return this.#refused;
    if (this.#origins === undefined) return this.#allowed;
    if (origin === undefined || !this.#origins.has(origin)) return this.#refused;
    return { 'access-control-allow-origin': origin, ...this.#refused, ...this.#allowed };
  }

  /** Additional headers of an answer to a preflight. */
  get preflightHeaders(): Headers {
    return {
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': REQUEST_HEADERS,
      'access-control-max-age': String(MAX_AGE_S),
    };
  }
}
