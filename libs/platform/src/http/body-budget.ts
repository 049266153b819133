import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify';
import { AppError } from '../errors.ts';

const RETRY_AFTER = 1;

/**
 * Bounds what the bodies of all requests under way hold together: each alone is within the body limit, but enough of
 * them at once, or of slow ones, would take all memory. A body counts until its answer is out or its connection gone.
 */
export class BodyBudget {
  readonly #limit: number;
  readonly #held = new WeakMap<IncomingMessage, number>();
  #bytes = 0;

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Counts the bodies of the routes that are added from here on: before they are read, as long as they say they are, else
   * as they come in.
   */
  addTo(instance: FastifyInstance, bodyLimit: number): void {
    instance.addHook('preParsing', (request, reply, payload, done) => {
      // Gone while it was authenticated: nothing would tell its end any more.
      if (request.raw.destroyed) return done(null, payload);
      this.#held.set(request.raw, 0);
      reply.raw.once('close', () => this.#release(request.raw));
      const length = request.headers['content-length'];
      try {
        // A longer one is refused unread.
        if (length !== undefined && Number(length) <= bodyLimit) this.take(request, Number(length));
        const streams = length === undefined && request.headers['transfer-encoding'] !== undefined;
        done(null, streams ? this.#counted(request, payload) : payload);
      } catch (error) {
        done(error as AppError);
      }
    });
  }

  /** Counts bytes more for a request that is under way. @throws AppError UNAVAILABLE where they do not fit */
  take(request: FastifyRequest, bytes: number): void {
    const held = this.#held.get(request.raw);
    if (held === undefined) return;
    if (this.#bytes + bytes > this.#limit) {
      throw new AppError('UNAVAILABLE', 'Too many large requests are under way; send this one again', {
        retryAfter: RETRY_AFTER,
      });
    }
    this.#bytes += bytes;
    this.#held.set(request.raw, held + bytes);
  }

  #release(raw: IncomingMessage): void {
    this.#bytes -= this.#held.get(raw) ?? 0;
    this.#held.delete(raw);
  }

  #counted(request: FastifyRequest, payload: RequestPayload): RequestPayload {
    const counted = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        try {
          this.take(request, chunk.length);
          done(null, chunk);
        } catch (error) {
          done(error as AppError);
        }
      },
    });
    payload.once('error', (error) => counted.destroy(error));
    // What is refused is read to its end all the same: the connection's next request lies behind it.
    counted.once('error', () => payload.resume());
    return payload.pipe(counted);
  }
}
