import { setTimeout as sleep } from 'node:timers/promises';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { AppError, isRetryable } from '../errors.ts';
import type { Places, PlacesOptions } from '../places.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Of the requests that wait for a write, in all services of the application. */
    waits: Places;
  }
}

const WAIT_MS = 2_000;
/** So that an answer which arrives just in time is not missed. */
const GRACE_MS = 100;

/** Each looks at the log and the stores again and again. */
export const WAITS: PlacesOptions = {
  total: 256,
  perHolder: 32,
  what: 'requests with Osk-Wait-Sequence',
  retryAfter: WAIT_MS / 1000,
};

/**
 * Resolves with true as soon as the stores that the request reads have the write with this stream sequence, with
 * false if they do not within `timeoutMs`.
 */
export type HasWrite = (sequence: number, timeoutMs: number, request: FastifyRequest) => Promise<boolean>;

/**
 * Read your own writes: a request with `Osk-Wait-Sequence: <Osk-Sequence of a write>` waits up to two seconds until
 * the stores that it reads have that write; an answer that may lack it is marked `Osk-Stale: true`. A service extends
 * this class to define which stores.
 */
export abstract class WaitForSequence implements NestInterceptor {
  readonly #hasWrite: HasWrite;

  protected constructor(hasWrite: HasWrite) {
    this.#hasWrite = hasWrite;
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const header = request.headers['osk-wait-sequence'];
    if (header !== undefined && !(await this.#has(parseSequence(header, 'Osk-Wait-Sequence'), request))) {
      void http.getResponse<FastifyReply>().header('Osk-Stale', 'true');
    }
    return next.handle();
  }

  /** @throws AppError RATE_LIMITED, UNAVAILABLE if too many wait already */
  async #has(sequence: number, request: FastifyRequest): Promise<boolean> {
    const giveBack = request.server.waits.take(request.principal?.keyId ?? '');
    const stopWaiting = new AbortController();
    const afterWait = sleep(WAIT_MS + GRACE_MS, undefined, { signal: stopWaiting.signal });
    afterWait.catch(() => undefined);
    try {
      // Log and stores may hang longer than that, so this has its own time limit.
      return await Promise.race([this.#hasWrite(sequence, WAIT_MS, request), afterWait.then(() => false)]);
    } catch (error) {
      // The source of the positions is unavailable. The stores may still be readable, but their freshness is unknown.
      if (isRetryable(error)) return false;
      throw error;
    } finally {
      stopWaiting.abort();
      giveBack();
    }
  }
}

/**
 * A stream sequence as clients send it back.
 * @throws AppError INVALID_REQUEST naming `path`
 */
export function parseSequence(value: string | readonly string[], path: string): number {
  const sequence = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : 0;
  if (sequence > 0 && Number.isSafeInteger(sequence)) return sequence;
  const message = 'must be a number from an Osk-Sequence header';
  throw new AppError('INVALID_REQUEST', `${path} ${message}`, { details: [{ path, message }] });
}
