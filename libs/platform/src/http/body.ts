import { isUtf8 } from 'node:buffer';
import type { FastifyBodyParser, FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import type { BodyBudget } from './body-budget.ts';
import { decompress } from './decompress.ts';
import { JsonShape } from './json-shape.ts';

/**
 * Parser for JSON bodies, plain or compressed. Fastify bounds the bytes on the wire by the route's limit; here the same limit bounds
 * them after decompression. How many values there are, and how deep, is counted before they are parsed, of a compressed body while it
 * unfolds. All of that counts in the budget. `__proto__` stays an ordinary key of the result: the caller that reads the body has to
 * refuse it, item by item in a batch.
 */
export function jsonBodyParser(budget: Pick<BodyBudget, 'take' | 'takeBody'>): FastifyBodyParser<Buffer> {
  return (request, body, done) => {
    if (request.routeOptions.config.keepsBody) request.rawBody = body;
    // An empty one means that there is none.
    const encoding = request.headers['content-encoding']?.trim().toLowerCase() || 'identity';
    if (encoding !== 'identity') {
      unfolded(request, { encoding, body, budget }).then((value) => done(null, value), done);
      return;
    }
    try {
      const shape = new JsonShape();
      shape.add(body);
      budget.takeBody(request, body, shape.valueBytes);
      request.use?.add('bytes', body.length);
      done(null, parseJson(body));
    } catch (error) {
      done(error as Error);
    }
  };
}

async function unfolded(
  request: FastifyRequest,
  { encoding, body, budget }: { encoding: string; body: Buffer; budget: Pick<BodyBudget, 'take' | 'takeBody'> },
): Promise<unknown> {
  const shape = new JsonShape();
  budget.takeBody(request, body, 0);
  let counted = 0;
  const text = await decompress(encoding, body, {
    limit: request.routeOptions.bodyLimit,
    onPiece: (piece) => {
      shape.add(piece);
      budget.take(request, piece.length + shape.valueBytes - counted);
      counted = shape.valueBytes;
    },
  });
  request.use?.add('bytes', text.length);
  return parseJson(text);
}

/**
 * The value of a JSON text in UTF-8; a byte order mark is skipped.
 * @throws AppError INVALID_REQUEST. Its message never quotes the body.
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) throw new AppError('INVALID_REQUEST', 'The body is empty; send JSON');
  // JSON.parse would not notice: decoding turns invalid bytes into U+FFFD, which would silently change the text.
  if (!isUtf8(body)) throw new AppError('INVALID_REQUEST', 'The body is not valid UTF-8');
  const text = body.toString('utf8');
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (error) {
    const position = / at position \d+/.exec((error as SyntaxError).message)?.[0] ?? '';
    throw new AppError('INVALID_REQUEST', `The body is not valid JSON${position}`);
  }
}
