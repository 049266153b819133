/** Every error code that a client can see: its HTTP status, and whether the same request may succeed later. */
export const ERRORS = {
  INVALID_REQUEST: { status: 400, retryable: false },
  UNAUTHORIZED: { status: 401, retryable: false },
  FORBIDDEN: { status: 403, retryable: false },
  NOT_FOUND: { status: 404, retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false },
  REQUEST_TIMEOUT: { status: 408, retryable: true },
  CONFLICT: { status: 409, retryable: false },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false },
  RANGE_NOT_SATISFIABLE: { status: 416, retryable: false },
  EXPECTATION_FAILED: { status: 417, retryable: false },
  RATE_LIMITED: { status: 429, retryable: true },
  HEADERS_TOO_LARGE: { status: 431, retryable: false },
  INTERNAL: { status: 500, retryable: false },
  UNAVAILABLE: { status: 503, retryable: true },
} as const;
export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetail {
  /** Dotted path into the request, e.g. `messages.3.externalId`. */
  readonly path: string;
  readonly message: string;
}

/**
 * A failure with a place in the registry above: the HTTP filter answers with it, and a consumer retries or
 * dead-letters by `retryable`. The message is for the caller: it says what to do and names no secret.
 */
export class AppError extends Error {
  override readonly name: string = 'AppError';
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[] | undefined;
  /** Seconds until a retry makes sense; sent as `Retry-After`. */
  readonly retryAfter: number | undefined;
  /** Headers that belong to the answer, e.g. `allow`. */
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      details?: readonly ErrorDetail[];
      retryAfter?: number;
      headers?: Readonly<Record<string, string>>;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.headers = options.headers;
    this.retryAfter = options.retryAfter ?? (ERRORS[code].retryable ? 1 : undefined);
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

/** Whether retrying later may help. An error that is not an AppError is a bug, and not retryable. */
export function isRetryable(error: unknown): boolean {
  return error instanceof AppError && error.retryable;
}

/** The message of an error. Also accepts errors of another thread or realm, and values that are not errors. */
export function reasonOf(error: unknown): string {
  return isErrorLike(error) ? error.message : String(error);
}

/** The message of the innermost cause: `fetch failed` alone explains nothing, its cause does. */
export function rootReasonOf(error: unknown): string {
  if (!isErrorLike(error)) return String(error);
  const { cause, message, errors: [first] = [], code = '' } = error;
  const inner = isErrorLike(cause) ? rootReasonOf(cause) : '';
  // An AggregateError has no message when Node tried several addresses of a host name; each attempt has one.
  return inner || message || (first === undefined ? '' : rootReasonOf(first)) || String(code);
}

interface ErrorLike {
  readonly message: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
  readonly code?: unknown;
}

function isErrorLike(value: unknown): value is ErrorLike {
  return typeof (value as Partial<ErrorLike> | null | undefined)?.message === 'string';
}
