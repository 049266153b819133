import { Readable, pipeline } from 'node:stream';
import {
  brotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzip,
  zstdCompress,
} from 'node:zlib';
import type { FastifyReply, onSendHookHandler } from 'fastify';
import { codingFor, type Coding } from './accept-encoding.ts';
import { addVary } from './vary.ts';

/** Below one packet there is nothing to gain. */
const SMALLEST_BYTES = 1024;

/**
 * Measured with lists of sessions, transcripts and code on one core: zstd 3 reaches 300 to 1,200 MB/s at a quarter of
 * the size, brotli 3 120 to 480 MB/s at the same size, gzip 4 100 to 180 MB/s at a tenth more. The next levels save a
 * few per cent for half the speed. So the largest page takes a thread of the pool 0.2 s at most. The window bounds
 * the memory of a stream: 256 KiB, where the default is several MiB.
 */
const WINDOW_BITS = 18;
const GZIP = { level: 4 };
const BROTLI = { [constants.BROTLI_PARAM_QUALITY]: 3, [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS };
const ZSTD = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: WINDOW_BITS };

type Compressed = (error: Error | null, result: Buffer) => void;

/** A whole answer, on the thread pool. */
const COMPRESS: Readonly<Record<Coding, (content: Buffer, done: Compressed) => void>> = {
  gzip: (content, done) => gzip(content, GZIP, done),
  br: (content, done) =>
    brotliCompress(content, { params: { ...BROTLI, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }, done),
  zstd: (content, done) => zstdCompress(content, { params: ZSTD }, done),
};

/** A streamed answer. Each input is flushed at once, so that the client sees each piece when it is produced. */
const STREAM = {
  gzip: () => createGzip({ ...GZIP, flush: constants.Z_SYNC_FLUSH }),
  br: () => createBrotliCompress({ params: BROTLI, flush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: () => createZstdCompress({ params: ZSTD, flush: constants.ZSTD_e_flush }),
} as const;

/** Compressible types. Not events of a live view: they are small, and proxies hold compressed ones back. */
const COMPRESSIBLE =
  /^(text\/(?!event-stream)|application\/(json|x-ndjson|xml|javascript|[\w.-]+\+(json|xml))|image\/svg\+xml)/i;

/** Compresses an answer if its client accepts it and it is worth it; sets `Vary`. */
export const compressAnswer: onSendHookHandler = (request, reply, payload, done) => {
  const isStream = payload instanceof Readable;
  if (!isStream && !isLarge(payload)) return done(null, payload);
  if (!mayBeCompressed(reply)) return done(null, payload);
  addVary(reply, 'Accept-Encoding');
  const accepted = request.headers['accept-encoding'];
  const coding = codingFor(Array.isArray(accepted) ? accepted.join() : accepted);
  if (coding === undefined) return done(null, payload);
  if (isStream) {
    mark(reply, coding);
    // A failure of either end fails the other; Fastify learns about it from the stream that it sends.
    return done(
      null,
      pipeline(payload, STREAM[coding](), () => undefined),
    );
  }
  COMPRESS[coding](Buffer.from(payload), (error, compressed) => {
    if (error) return done(error);
    mark(reply, coding);
    done(null, compressed);
  });
};

function isLarge(payload: unknown): payload is string | Buffer {
  if (typeof payload === 'string') return payload.length >= SMALLEST_BYTES;
  return Buffer.isBuffer(payload) && payload.length >= SMALLEST_BYTES;
}

function mayBeCompressed(reply: FastifyReply): boolean {
  if (reply.statusCode === 206 || reply.hasHeader('content-encoding')) return false;
  if (String(reply.getHeader('cache-control') ?? '').includes('no-transform')) return false;
  return COMPRESSIBLE.test(String(reply.getHeader('content-type') ?? ''));
}

function mark(reply: FastifyReply, coding: Coding): void {
  reply.header('content-encoding', coding);
  // The length of the uncompressed content.
  reply.removeHeader('content-length');
}
