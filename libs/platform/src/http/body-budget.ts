import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify';
import { AppError } from '../errors.ts';
import { FairBytes } from './fair-bytes.ts';

const RETRY_AFTER = 1;

/** A body of this length is counted when it is whole: Node's own buffers hold as much for each connection. */
const UNCOUNTED_BYTES = 16 * 1024;

/**
 * Bounds what the bodies of all requests under way hold together, and their values once they are parsed: each alone is within the
 * body limit, but enough of them at once, or of slow ones, would take all memory. What has arrived counts, not what was announced,
 * until the answer is out or the connection gone.
 */
export class BodyBudget {
  readonly #bytes: FairBytes;
  readonly #onRefused: (request: Pick<FastifyRequest, 'raw' | 'routeOptions'>) => void;
  /** Requests whose bodies are counted as they come in. */
  readonly #counting = new WeakSet<IncomingMessage>();

  /** @param limit bytes */
  constructor(
    limit: number,
    onRefused: (request: Pick<FastifyRequest, 'raw' | 'routeOptions'>) => void = () => undefined,
  ) {
    this.#bytes = new FairBytes(limit);
    this.#onRefused = onRefused;
  }

  /** Counts the bodies of the routes that are added from here on. */
  addTo(instance: FastifyInstance): void {
    instance.addHook('preParsing', (request, reply, payload, done) => {
      const { raw, headers } = request;
      const isStreamed = headers['transfer-encoding'] !== undefined;
      // Gone while it was authenticated: nothing would tell its end any more.
      if (raw.destroyed || (headers['content-length'] === undefined && !isStreamed)) return done(null, payload);
      const length = Number(headers['content-length']);
      // A longer one is refused unread.
      const isCounted = isStreamed || (length > UNCOUNTED_BYTES && length <= request.routeOptions.bodyLimit);
      this.#bytes.open(raw, request.principal?.keyId ?? '');
      // `on`: it comes once anyway, and this is on the path of every request.
      reply.raw.on('close', () => this.#bytes.close(raw));
      if (isCounted) this.#counting.add(raw);
      if (!isCounted) return done(null, payload);
      const counted = this.#counted(request, payload);
      // A rejected body is still read to its end, also one that nobody has begun to read: the connection's next request follows it, and
      // a client may read its answer only after it has sent everything.
      reply.raw.once('finish', () => payload.unpipe(counted).resume());
      done(null, counted);
    });
  }

  /** Counts a whole body with its values, unless it was counted as it came in. @throws AppError UNAVAILABLE if it does not fit */
  takeBody(request: Pick<FastifyRequest, 'raw' | 'routeOptions'>, body: Buffer, valueBytes: number): void {
    this.take(request, this.#counting.has(request.raw) ? valueBytes : body.length + valueBytes);
  }

  /** Counts bytes more for a request that is under way. @throws AppError UNAVAILABLE if they do not fit */
  take(request: Pick<FastifyRequest, 'raw' | 'routeOptions'>, bytes: number): void {
    const taken = this.#bytes.take(request.raw, bytes);
    if (taken === 'taken') return;
    this.#onRefused(request);
    const whose = taken === 'share' ? ' with this API key' : '';
    throw new AppError('UNAVAILABLE', `Too many large requests${whose} are in progress; retry this one`, {
      retryAfter: RETRY_AFTER,
    });
  }

  #counted(request: FastifyRequest, payload: RequestPayload): Transform {
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
    return payload.pipe(counted);
  }
}
