/** Time limits for clients, in milliseconds. */
export interface Timeouts {
  /** From the first byte of a request, or from the connection for the first request, to the end of the headers. */
  readonly headersMs: number;
  /** Until the whole request has arrived: a slow client costs a connection and the bytes it has sent so far. */
  readonly requestMs: number;
  /** Between two requests. Longer than the usual 60 s of proxies, so that no request meets a closing connection. */
  readonly keepAliveMs: number;
  /**
   * Without a byte in either direction while a request is answered: a client that does not read. Live views send
   * keep-alives more often.
   */
  readonly silenceMs: number;
  /** How long a body may arrive more slowly than {@link uploadRate}. */
  readonly slowUploadMs: number;
  /** Bytes a second: a tenth of what a bad mobile connection has. */
  readonly uploadRate: number;
  /** How long a client may take for a whole answer, beside what it takes at {@link answerRate} bytes a second. */
  readonly slowAnswerMs: number;
  readonly answerRate: number;
  /** How long clients that are over a limit before authentication wait for their refusal. */
  readonly refusalMs: number;
  /** Between two looks at headers, requests, bodies and answers that are late. */
  readonly checkMs: number;
}

export const TIMEOUTS: Timeouts = {
  headersMs: 10_000,
  requestMs: 120_000,
  keepAliveMs: 72_000,
  silenceMs: 150_000,
  slowUploadMs: 15_000,
  uploadRate: 4 * 1024,
  slowAnswerMs: 30_000,
  answerRate: 16 * 1024,
  refusalMs: 1_000,
  checkMs: 2_000,
};

/** Those options of Fastify and of Node's server. */
export function timeoutOptions({ headersMs, requestMs, keepAliveMs, silenceMs, checkMs }: Timeouts) {
  return {
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionTimeout: silenceMs,
    http: { headersTimeout: headersMs, connectionsCheckingInterval: checkMs },
  };
}
