import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify';
import { AppError } from '../errors.ts';

const RETRY_AFTER = 1;

/** One key's share of the budget. */
const KEY_SHARE = 1 / 4;
/** What only small bodies get, so that large ones never keep them out. */
const RESERVED_SHARE = 1 / 16;
/** Bytes of a small body and its values. */
const SMALL_BYTES = 64 * 1024;
/** A body of this length is counted when it is whole: Node's own buffers hold as much for each connection. */
const UNCOUNTED_BYTES = 16 * 1024;

interface Held {
  readonly key: string;
  /** Whether what arrives is counted at once. */
  readonly isCounted: boolean;
  bytes: number;
}

interface HeldByKey {
  /** Of all its requests but the exempt one. */
  bytes: number;
  /** One request of a key may go beyond the key's share: alone, a body within the body limit must always get through. */
  exempt: IncomingMessage | undefined;
  requests: number;
}

/**
 * Bounds what the bodies of all requests under way hold together, and their values once they are parsed: each alone is within the
 * body limit, but enough of them at once, or of slow ones, would take all memory. What has arrived counts, not what was announced,
 * until the answer is out or the connection gone.
 */
export class BodyBudget {
  readonly #limit: number;
  readonly #held = new WeakMap<IncomingMessage, Held>();
  readonly #byKey = new Map<string, HeldByKey>();
  #bytes = 0;

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit;
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
      this.#open(raw, request.principal?.keyId ?? '', isCounted);
      reply.raw.once('close', () => this.#release(raw));
      done(null, isCounted ? this.#counted(request, payload) : payload);
    });
  }

  /** Counts a whole body with its values, unless it was counted as it came in. @throws AppError UNAVAILABLE if it does not fit */
  takeBody(request: Pick<FastifyRequest, 'raw'>, body: Buffer, valueBytes: number): void {
    this.take(request, this.#held.get(request.raw)?.isCounted ? valueBytes : body.length + valueBytes);
  }

  /** Counts bytes more for a request that is under way. @throws AppError UNAVAILABLE if they do not fit */
  take({ raw }: Pick<FastifyRequest, 'raw'>, bytes: number): void {
    const held = this.#held.get(raw);
    if (!held) return;
    const ofKey = this.#byKey.get(held.key)!;
    const isSmall = held.bytes + bytes <= SMALL_BYTES;
    if (this.#bytes + bytes > this.#limit * (isSmall ? 1 : 1 - RESERVED_SHARE)) throw refusal('');
    if (ofKey.exempt !== raw && ofKey.bytes + bytes > this.#limit * KEY_SHARE) {
      if (ofKey.exempt) throw refusal(' with this API key');
      ofKey.exempt = raw;
      ofKey.bytes -= held.bytes;
    }
    if (ofKey.exempt !== raw) ofKey.bytes += bytes;
    held.bytes += bytes;
    this.#bytes += bytes;
  }

  #open(raw: IncomingMessage, key: string, isCounted: boolean): void {
    this.#held.set(raw, { key, isCounted, bytes: 0 });
    const ofKey = this.#byKey.get(key);
    if (ofKey) ofKey.requests++;
    else this.#byKey.set(key, { bytes: 0, exempt: undefined, requests: 1 });
  }

  #release(raw: IncomingMessage): void {
    const { key, bytes } = this.#held.get(raw)!;
    this.#held.delete(raw);
    this.#bytes -= bytes;
    const ofKey = this.#byKey.get(key)!;
    if (ofKey.exempt === raw) ofKey.exempt = undefined;
    else ofKey.bytes -= bytes;
    if (--ofKey.requests === 0) this.#byKey.delete(key);
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
    // A rejected body is still read to its end: the connection's next request follows it.
    counted.once('error', () => payload.resume());
    return payload.pipe(counted);
  }
}

function refusal(whose: string): AppError {
  return new AppError('UNAVAILABLE', `Too many large requests${whose} are in progress; retry this one`, {
    retryAfter: RETRY_AFTER,
  });
}
