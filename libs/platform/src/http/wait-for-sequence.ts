import { setTimeout as sleep } from 'node:timers/promises';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { isPosition } from '@opensync/contracts';
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
 * Read your own writes: a request with `Osk-Wait-Sequence: <Osk-Sequence of a write>`, or several separated by commas, waits up to
 * two seconds until the stores that it reads have those writes; an answer that may lack it is marked `Osk-Stale: true`. A service extends
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
    if (header === undefined) return next.handle();
    if (!(await this.#hasAll(parseSequences(header, request), request))) {
      void http.getResponse<FastifyReply>().header('Osk-Stale', 'true');
    }
    return next.handle();
  }

  /** @throws AppError RATE_LIMITED, UNAVAILABLE if too many wait already */
  async #hasAll(sequences: readonly number[], request: FastifyRequest): Promise<boolean> {
    const giveBack = request.server.waits.take(request.principal?.keyId ?? '');
    try {
      const found = await Promise.all(sequences.map((sequence) => this.#has(sequence, request)));
      return !found.includes(false);
    } finally {
      giveBack();
    }
  }

  async #has(sequence: number, request: FastifyRequest): Promise<boolean> {
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
    }
  }
}

/** A client that writes in parallel cannot tell which position is the last one. */
const MOST_POSITIONS = 20;

function parseSequences(header: string | readonly string[], request: FastifyRequest): number[] {
  const positions = [header]
    .flat()
    .join(',')
    .split(',', MOST_POSITIONS + 1);
  if (positions.length > MOST_POSITIONS) throw invalid('Osk-Wait-Sequence', `has more than ${MOST_POSITIONS} values`);
  return [...new Set(positions.map((position) => parseSequence(position.trim(), 'Osk-Wait-Sequence', request)))];
}

function parseSequence(position: string, path: string, request: FastifyRequest): number {
  const sequence = sequenceAt(position, path, request);
  if (sequence !== undefined) return sequence;
  throw invalid(path, NO_POSITION);
}

/**
 * The sequence of a position as the caller sends it back; undefined if it means nothing in the caller's workspace.
 * @throws AppError INVALID_REQUEST naming `path` for what is no position at all
 */
export function sequenceAt(position: string, path: string, { positions }: FastifyRequest): number | undefined {
  if (!isPosition(position)) throw invalid(path, NO_POSITION);
  // A cursor may contain the position before the first event, which no write has.
  return positions!.decode(position) || undefined;
}

const NO_POSITION = 'must be the value of an Osk-Sequence header that this workspace was answered with';

/** Tells the caller the position of their write, and the log its sequence. */
export function sendSequence(reply: FastifyReply, sequence: number): void {
  const { request } = reply;
  request.writtenSequence = sequence;
  void reply.header('osk-sequence', request.positions!.encode(sequence));
}

function invalid(path: string, message: string): AppError {
  return new AppError('INVALID_REQUEST', `${path} ${message}`, { details: [{ path, message }] });
}
