import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import { jsonBodyParser, parseJson } from './body.ts';

const LIMIT = 1000;

type Budget = Parameters<typeof jsonBodyParser>[0];
const UNLIMITED: Budget = { take: () => undefined, takeBody: () => undefined };

interface Parsing {
  readonly encoding?: string | undefined;
  readonly limit?: number;
  readonly budget?: Budget;
}

function parse(body: Buffer, { encoding, limit = LIMIT, budget = UNLIMITED }: Parsing = {}): Promise<unknown> {
  const request = {
    headers: { 'content-encoding': encoding },
    routeOptions: { bodyLimit: limit, config: {} },
  } as unknown as FastifyRequest;
  return new Promise((resolve, reject) => {
    void jsonBodyParser(budget)(request, body, (error, value) => (error ? reject(error) : resolve(value)));
  });
}

async function refusal(body: Buffer, encoding?: string, options: Parsing = {}): Promise<AppError> {
  const error: unknown = await parse(body, { encoding, ...options }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

describe('jsonBodyParser', () => {
  const value = { text: 'naïve 💬 \u0000' };
  const json = Buffer.from(JSON.stringify(value));
  const zeros = Buffer.from(JSON.stringify('0'.repeat(LIMIT)));

  it('decompresses few at a time: waiting bodies, and those that the budget rejects, take no memory', async () => {
    const limit = 8 * 1024 * 1024;
    const bomb = gzipSync(Buffer.alloc(limit, ' '));
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    const budget = {
      ...UNLIMITED,
      take: () => {
        peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
        throw new AppError('UNAVAILABLE', 'no room');
      },
    };
    const refused = Array.from({ length: 100 }, () => refusal(bomb, 'gzip', { limit, budget }));
    for (const error of await Promise.all(refused)) expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    // All of them together are 100 times the limit.
    expect(peak / limit).toBeLessThan(5);
  });

  it.each([
    ['no encoding', undefined, json],
    ['identity', 'identity', json],
    ['an empty encoding', '', json],
    ['a blank encoding', ' ', json],
    ['gzip', 'gzip', gzipSync(json)],
    ['x-gzip, in capitals', 'X-GZIP', gzipSync(json)],
    ['deflate as zlib', 'deflate', deflateSync(json)],
    ['deflate as the bare stream', 'deflate', deflateRawSync(json)],
    ['brotli', 'br', brotliCompressSync(json)],
    ['zstd', 'zstd', zstdCompressSync(json)],
  ])('reads %s', async (_name, encoding, body) => {
    expect(await parse(body, { encoding })).toEqual(value);
  });

  it.each([
    ['gzip', gzipSync(zeros)],
    ['deflate', deflateSync(zeros)],
    ['br', brotliCompressSync(zeros)],
    ['zstd', zstdCompressSync(zeros)],
  ])('rejects a %s body that decompresses beyond the limit', async (encoding, body) => {
    expect(body.length).toBeLessThan(LIMIT / 10);
    expect(await refusal(body, encoding)).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  const COMPRESSIONS = [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const;
  it.each(COMPRESSIONS)('refuses a %s bomb of values or of levels while it unfolds', async (encoding, compress) => {
    const limit = 4 * 1024 * 1024;
    for (const [bomb, code] of [
      [`{"sessions":[${'{},'.repeat(limit / 4)}{}]}`, 'PAYLOAD_TOO_LARGE'],
      ['['.repeat(limit), 'INVALID_REQUEST'],
    ] as const) {
      let unfolded = 0;
      let charged = 0;
      const budget = {
        takeBody: () => undefined,
        take: (_request: unknown, bytes: number) => {
          unfolded++;
          charged += bytes;
        },
      };
      expect(await refusal(compress(bomb), encoding, { limit, budget })).toMatchObject({ code });
      // Pieces of 64 KiB: what follows the one that is too many is never made.
      expect(unfolded * 64 * 1024).toBeLessThan(0.6 * limit);
      expect(charged).toBeLessThan(64 * 1024 * 1024);
    }
  });

  it('charges the bytes of a body and of its values, compressed or not', async () => {
    const values = Buffer.from(JSON.stringify({ list: Array.from({ length: 100 }, () => ({})) }));
    const charges: number[] = [];
    const budget = {
      takeBody: (_request: unknown, body: Buffer, valueBytes: number) => void charges.push(body.length + valueBytes),
      take: (_request: unknown, bytes: number) => void charges.push(bytes),
    };
    await parse(values, { budget });
    const plain = charges.splice(0).reduce((sum, bytes) => sum + bytes, 0);
    expect(plain).toBeGreaterThan(values.length + 100 * 64);
    const zipped = gzipSync(values);
    await parse(zipped, { encoding: 'gzip', budget });
    expect(charges.reduce((sum, bytes) => sum + bytes, 0)).toBe(zipped.length + plain);
  });

  it.each(['gzip', 'deflate', 'br', 'zstd'])('refuses what is not %s', async (encoding) => {
    expect(await refusal(Buffer.from('certainly not compressed'), encoding)).toMatchObject({
      code: 'INVALID_REQUEST',
      message: `The body is not valid ${encoding}, although its content-encoding says so`,
    });
  });

  it.each([
    ['gzip', gzipSync(json)],
    ['deflate', deflateSync(json)],
    ['br', brotliCompressSync(json)],
    ['zstd', zstdCompressSync(json)],
  ])('rejects a %s body that is cut short', async (encoding, body) => {
    expect(await refusal(body.subarray(0, -6), encoding)).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('rejects an unknown encoding and names the known ones', async () => {
    expect(await refusal(json, 'lzma')).toMatchObject({
      code: 'UNSUPPORTED_MEDIA_TYPE',
      message: 'Unknown content-encoding; send one of gzip, deflate, br, zstd, or none',
    });
  });
});

describe('parseJson', () => {
  const messageOf = (body: Buffer): string => {
    try {
      parseJson(body);
    } catch (error) {
      return (error as AppError).message;
    }
    throw new Error('was parsed');
  };

  it('says where JSON is broken without quoting it', () => {
    const message = messageOf(Buffer.from('{"secret": "osk_abc", }'));
    expect(message).toMatch(/^The body is not valid JSON at position \d+$/);
  });

  it('rejects an empty body and invalid UTF-8', () => {
    expect(messageOf(Buffer.alloc(0))).toBe('The body is empty; send JSON');
    expect(messageOf(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toBe('The body is not valid UTF-8');
  });

  it('skips a byte order mark and keeps NUL and odd Unicode', () => {
    expect(parseJson(Buffer.from('\ufeff["\\u0000\\ufffe\u{1f469}\u200d\u{1f4bb}"]'))).toEqual(['\u0000\ufffe👩‍💻']);
  });

  it('survives ten thousand levels and keeps __proto__ an ordinary key', () => {
    expect(() => parseJson(Buffer.from('['.repeat(10_000) + ']'.repeat(10_000)))).not.toThrow();
    const parsed = parseJson(Buffer.from('{"__proto__":{"polluted":true}}')) as object;
    expect(Object.keys(parsed)).toEqual(['__proto__']);
    expect((parsed as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
