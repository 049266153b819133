import fc from 'fast-check';
import { AppError } from '@opensync/platform';
import { splitRequests } from './client.ts';
import { decodeFailure, decodeVector, encodeFailure, encodeVector } from './wire.ts';

describe('splitRequests', () => {
  it('keeps all texts in order, within 64 texts and half a MiB, however few answers fit', () => {
    const texts = fc.array(
      fc.integer({ min: 0, max: 600_000 }).map((length) => 'é'.repeat(length / 2)),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 100 }), (all, maxAnswers) => {
        const requests = splitRequests(all, maxAnswers);
        expect(requests.flat()).toEqual(all);
        for (const request of requests) {
          expect(request.length).toBeGreaterThan(0);
          expect(request.length).toBeLessThanOrEqual(Math.min(64, Math.max(1, maxAnswers)));
          if (request.length > 1) expect(Buffer.byteLength(request.join(''))).toBeLessThanOrEqual(512 * 1024);
        }
      }),
      { numRuns: 30 },
    );
    expect(
      splitRequests(
        Array.from({ length: 130 }, () => 'x'),
        1_000,
      ).map((texts) => texts.length),
    ).toEqual([64, 64, 2]);
  });
});

describe('vectors on the wire', () => {
  it('are little-endian float32 in base64, bit for bit', () => {
    expect(encodeVector(Float32Array.of(1))).toBe(Buffer.from([0, 0, 0x80, 0x3f]).toString('base64'));
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true }), (vector) => {
        expect(decodeVector(encodeVector(vector))).toEqual(vector);
      }),
    );
  });

  it('are read from the middle of a larger buffer', () => {
    expect(encodeVector(Float32Array.of(9, 1, 9).subarray(1, 2))).toBe(encodeVector(Float32Array.of(1)));
  });
});

describe('failures on the wire', () => {
  it.each([
    new AppError('UNAVAILABLE', 'later', { retryAfter: 7 }),
    new AppError('INVALID_REQUEST', 'a text may have 10 characters'),
  ])('round-trip unchanged: %s', (failure) => {
    expect(decodeFailure(encodeFailure(failure))).toMatchObject({
      code: failure.code,
      message: failure.message,
      retryAfter: failure.retryAfter,
    });
  });

  it('reveal nothing about a bug', () => {
    const decoded = decodeFailure(encodeFailure(new TypeError('undefined is not a secret')));
    expect(decoded).toMatchObject({ code: 'INTERNAL', message: 'the embedder failed' });
  });

  it('fit one header line', () => {
    expect(decodeFailure(encodeFailure(new AppError('UNAVAILABLE', 'a\r\nb')))!.message).toBe('a b');
  });

  it('are absent from a result', () => {
    expect(decodeFailure(undefined)).toBeUndefined();
  });
});
