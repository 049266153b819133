import { setTimeout as sleep } from 'node:timers/promises';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { AppError, isRetryable } from '../errors.ts';

const WAIT_MS = 2_000;
/** So that an answer which comes just in time is not missed. */
const GRACE_MS = 100;

/**
 * Resolves with true as soon as what the request reads from has the write with this stream sequence, with false when it
 * has not within `timeoutMs`.
 */
export type HasWrite = (sequence: number, timeoutMs: number, request: FastifyRequest) => Promise<boolean>;

/**
 * Reads your own writes: a request with `Osk-Wait-Sequence: <Osk-Sequence of a write>` waits until what it reads from
 * has that write, for two seconds at most; an answer that may lack it is marked `Osk-Stale: true`. A service says by
 * extending it where a write has to have come.
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

  async #has(sequence: number, request: FastifyRequest): Promise<boolean> {
    const stopWaiting = new AbortController();
    const afterWait = sleep(WAIT_MS + GRACE_MS, undefined, { signal: stopWaiting.signal });
    afterWait.catch(() => undefined);
    try {
      // Log and stores may take longer to say nothing, so this has a time limit of its own.
      return await Promise.race([this.#hasWrite(sequence, WAIT_MS, request), afterWait.then(() => false)]);
    } catch (error) {
      // What says how new the stores are is away. They may still be read; whether they are new enough nobody knows.
      if (isRetryable(error)) return false;
      throw error;
    } finally {
      stopWaiting.abort();
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
