import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress, type InputType } from 'node:zlib';
import type { FastifyBodyParser } from 'fastify';
import pLimit from 'p-limit';
import { AppError } from '../errors.ts';
import type { BodyBudget } from './body-budget.ts';

/** Decompresses on the thread pool and stops as soon as the output would exceed `maxOutputLength` bytes. */
type Decompress = (body: InputType, options: { maxOutputLength: number }) => Promise<Buffer>;

const inflateZlib = promisify(inflate) as Decompress;
const inflateBare = promisify(inflateRaw) as Decompress;

/** The content encodings of RFC 9110 that we read, and zstd (RFC 8878). */
const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ['gzip', promisify(gunzip) as Decompress],
  ['x-gzip', promisify(gunzip) as Decompress],
  // "deflate" means the zlib format, but some clients send the bare stream, as old Internet Explorers did.
  ['deflate', (body, options) => (hasZlibHeader(body as Buffer) ? inflateZlib : inflateBare)(body, options)],
  ['br', promisify(brotliDecompress) as Decompress],
  ['zstd', promisify(zstdDecompress) as Decompress],
]);

/** As many as libuv's threads work on at a time; what waits for its turn has not unfolded yet. */
const inTurn = pLimit(4);

/** RFC 1950: method 8, and the first two bytes as a number are a multiple of 31. */
function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && (body[0]! & 15) === 8 && body.readUInt16BE(0) % 31 === 0;
}

/**
 * Parser for JSON bodies, plain or compressed. Fastify bounds the bytes on the wire; `limit` bounds them after
 * decompression, so that a small bomb never unfolds; what unfolds counts in the budget. `__proto__` stays an ordinary key of the result: the caller that reads
 * the body has to refuse it, item by item in a batch.
 */
export function jsonBodyParser(limit: number, budget?: Pick<BodyBudget, 'take'>): FastifyBodyParser<Buffer> {
  return (request, body, done) => {
    // An empty one says that there is none.
    const encoding = request.headers['content-encoding']?.trim().toLowerCase() || 'identity';
    if (encoding === 'identity') {
      try {
        done(null, parseJson(body));
      } catch (error) {
        done(error as Error);
      }
      return;
    }
    inTurn(async () => {
      const text = await decompress(encoding, body, limit);
      budget?.take(request, text.length);
      return text;
    })
      .then(parseJson)
      .then((value) => done(null, value), done);
  };
}

async function decompress(encoding: string, body: Buffer, limit: number): Promise<Buffer> {
  const decode = DECOMPRESS.get(encoding);
  if (!decode) {
    const known = [...DECOMPRESS.keys()].filter((name) => name !== 'x-gzip').join(', ');
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', `Unknown content-encoding; send one of ${known}, or none`);
  }
  try {
    return await decode(body, { maxOutputLength: limit });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new AppError('PAYLOAD_TOO_LARGE', `Decompressed, the body has more than ${limit} bytes; send less at once`);
    }
    throw new AppError('INVALID_REQUEST', `The body is not valid ${encoding}, as its content-encoding says`, { cause });
  }
}

/**
 * The value of a JSON text in UTF-8; a byte order mark is skipped.
 * @throws AppError INVALID_REQUEST. Its message never quotes the body.
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) throw new AppError('INVALID_REQUEST', 'The body is empty; send JSON');
  // JSON.parse would never see it: decoding turns bad bytes into U+FFFD, and the text would be changed silently.
  if (!isUtf8(body)) throw new AppError('INVALID_REQUEST', 'The body is not valid UTF-8');
  const text = body.toString('utf8');
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (error) {
    const position = / at position \d+/.exec((error as SyntaxError).message)?.[0] ?? '';
    throw new AppError('INVALID_REQUEST', `The body is not valid JSON${position}`);
  }
}
