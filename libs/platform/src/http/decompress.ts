import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  type ZlibOptions,
} from 'node:zlib';
import pLimit from 'p-limit';
import { AppError } from '../errors.ts';

/** What comes out of a decompressor at once. Large, since each piece is a trip to the thread pool. */
const PIECE = { chunkSize: 64 * 1024 } satisfies ZlibOptions;

/** The content encodings of RFC 9110 that we read, and zstd (RFC 8878). */
const DECOMPRESSORS = new Map<string, (body: Buffer) => Duplex>([
  ['gzip', () => createGunzip(PIECE)],
  ['x-gzip', () => createGunzip(PIECE)],
  // "deflate" means the zlib format, but some clients send the bare stream, as old Internet Explorers did.
  ['deflate', (body: Buffer) => (hasZlibHeader(body) ? createInflate(PIECE) : createInflateRaw(PIECE))],
  ['br', () => createBrotliDecompress(PIECE)],
  ['zstd', () => createZstdDecompress(PIECE)],
]);

/** As many as libuv's threads work on at a time; what waits for its turn has not unfolded yet. */
const inTurn = pLimit(4);

/** RFC 1950: method 8, and the first two bytes as a number are a multiple of 31. */
function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && (body[0]! & 15) === 8 && body.readUInt16BE(0) % 31 === 0;
}

/**
 * The decompressed body. Stops at the piece that goes beyond `limit` bytes or that `onPiece` throws at: what would follow is never
 * made.
 * @throws AppError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_REQUEST, and what `onPiece` throws
 */
export async function decompress(
  encoding: string,
  body: Buffer,
  { limit, onPiece }: { readonly limit: number; readonly onPiece: (piece: Buffer) => void },
): Promise<Buffer> {
  const create = DECOMPRESSORS.get(encoding);
  if (!create) {
    const known = [...DECOMPRESSORS.keys()].filter((name) => name !== 'x-gzip').join(', ');
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', `Unknown content-encoding; send one of ${known}, or none`);
  }
  return inTurn(async () => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const stream = create(body);
    try {
      stream.end(body);
      for await (const piece of stream as AsyncIterable<Buffer>) {
        bytes += piece.length;
        if (bytes > limit) {
          throw new AppError(
            'PAYLOAD_TOO_LARGE',
            `The decompressed body has more than ${limit} bytes; send less per request`,
          );
        }
        onPiece(piece);
        pieces.push(piece);
      }
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError(
        'INVALID_REQUEST',
        `The body is not valid ${encoding}, although its content-encoding says so`,
        {
          cause,
        },
      );
    } finally {
      if (!stream.closed) {
        stream.destroy();
        // Its memory is the native library's until then.
        await once(stream, 'close').catch(() => undefined);
      }
    }
    return Buffer.concat(pieces, bytes);
  });
}
