/** What kept a request from being answered, as a person would tell it. */
export type Trouble = 'lost' | 'ended' | 'forbidden' | 'missing' | 'busy' | 'invalid' | 'failed';

/** A request that was not answered as wished. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly trouble: Trouble;
  readonly status: number;
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  /** Seconds until the server wants to be asked again. */
  readonly retryAfter: number | undefined;

  constructor(
    message: string,
    facts: {
      status: number;
      code?: string | undefined;
      requestId?: string | undefined;
      retryAfter?: number | undefined;
      /** If the status does not say it. */
      trouble?: Trouble;
    },
  ) {
    super(message);
    this.status = facts.status;
    this.code = facts.code;
    this.requestId = facts.requestId;
    this.retryAfter = facts.retryAfter;
    this.trouble = facts.trouble ?? troubleOf(facts.status);
  }
}

/** @param status of the answer; 0 if there was none */
function troubleOf(status: number): Trouble {
  if (status === 0 || status === 502 || status === 504) return 'lost';
  if (status === 401) return 'ended';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'missing';
  if (status === 429 || status === 503) return 'busy';
  return status >= 500 ? 'failed' : 'invalid';
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
