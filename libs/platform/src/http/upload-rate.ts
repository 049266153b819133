import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Timeouts } from './timeouts.ts';

type Watched = Pick<IncomingMessage, 'socket' | 'complete' | 'once'>;

function isArriving({ headers, complete, socket }: IncomingMessage): boolean {
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return hasBody && !complete && !socket.destroyed;
}

interface Upload {
  /** Bytes of its connection at the last look. */
  bytes: number;
  /** How long it has been too slow without a break. */
  slowMs: number;
  /** When it was last looked at, in milliseconds. */
  lookedAt: number;
}

/**
 * Ends requests whose bodies arrive too slowly: they hold memory for what has arrived, and the time limit of a
 * request allows for large bodies. They are answered 408, like any late request. A body that goes on arriving after its answer, because
 * the request was refused or its route takes none, only ends its connection: otherwise a client without a key could hold one for as long
 * as the largest body may take.
 */
export class UploadRate {
  readonly #timeouts: Pick<Timeouts, 'slowUploadMs' | 'uploadRate' | 'checkMs'>;
  readonly #uploads = new Map<Watched, Upload>();
  /** Requests of this turn of the event loop that were answered without their bodies. */
  readonly #answered: Watched[] = [];

  constructor(timeouts: Pick<Timeouts, 'slowUploadMs' | 'uploadRate' | 'checkMs'>) {
    this.#timeouts = timeouts;
  }

  /** Watches the bodies of the routes that are added from here on. */
  addTo(instance: FastifyInstance): void {
    instance.addHook('preParsing', ({ raw }, _reply, _payload, done) => {
      if (isArriving(raw)) this.watch(raw, performance.now());
      done();
    });
    // Before its body was asked for.
    instance.addHook('onResponse', ({ raw }, _reply, done) => {
      if (isArriving(raw) && !this.#uploads.has(raw)) this.watch(raw, performance.now());
      done();
    });
    const timer = setInterval(() => {
      for (const { socket } of this.late(performance.now())) {
        const late = Object.assign(new Error('The body arrives too slowly'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
        instance.server.emit('clientError', late, socket);
      }
    }, this.#timeouts.checkMs).unref();
    instance.addHook('onClose', (_instance, done) => {
      clearInterval(timer);
      done();
    });
  }

  /** How many are watched. */
  get watched(): number {
    return this.#uploads.size;
  }

  /** @param now milliseconds */
  watch(request: Watched, now: number): void {
    this.#uploads.set(request, { bytes: request.socket.bytesRead, slowMs: 0, lookedAt: now });
    // Not kept until the next look: that would be thousands of requests of a busy server, too old for the young generation.
    request.once('close', () => this.#uploads.delete(request));
  }

  /**
   * Watches the rest of a body that was not asked for. Most bodies arrive in one piece with the head that was just answered, and are
   * complete when the event loop comes round.
   */
  watchRest(request: Watched): void {
    if (this.#answered.push(request) > 1) return;
    setImmediate(() => {
      const now = performance.now();
      for (const answered of this.#answered.splice(0)) {
        if (!answered.complete && !answered.socket.destroyed) this.watch(answered, now);
      }
    });
  }

  /** Those that have been too slow for too long. @param now milliseconds; called every `checkMs` */
  late(now: number): Watched[] {
    const { slowUploadMs, uploadRate, checkMs } = this.#timeouts;
    const late: Watched[] = [];
    for (const [request, upload] of this.#uploads) {
      const { bytesRead } = request.socket;
      // If this process itself was busy, nobody could send anything.
      const elapsedMs = Math.min(now - upload.lookedAt, checkMs);
      upload.lookedAt = now;
      const isSlow = bytesRead - upload.bytes < (uploadRate * elapsedMs) / 1000;
      upload.bytes = bytesRead;
      upload.slowMs = isSlow ? upload.slowMs + elapsedMs : 0;
      if (request.complete || request.socket.destroyed) this.#uploads.delete(request);
      else if (upload.slowMs >= slowUploadMs) late.push(request);
    }
    return late;
  }
}
