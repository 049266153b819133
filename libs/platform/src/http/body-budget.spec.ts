import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { BodyBudget } from './body-budget.ts';

const MEBIBYTE = 1024 * 1024;
const LIMIT = 64 * MEBIBYTE;
const LARGEST = 10 * MEBIBYTE;

type Hook = (request: unknown, reply: unknown, payload: unknown, done: () => void) => void;

/** Requests as Fastify hands them over. */
function aBudget() {
  const budget = new BodyBudget(LIMIT);
  let hook: Hook | undefined;
  budget.addTo({ addHook: (_name: string, added: Hook) => (hook = added) } as unknown as FastifyInstance);
  return (keyId: string) => {
    const raw = new PassThrough();
    const reply = new EventEmitter();
    const request = {
      raw: raw as never,
      headers: { 'transfer-encoding': 'chunked' },
      principal: { keyId },
      routeOptions: { bodyLimit: LARGEST } as never,
    };
    hook!(request, { raw: reply }, raw, () => undefined);
    return {
      /** Whether it got in. */
      sends: (bytes: number) => {
        try {
          budget.take(request, bytes);
          return true;
        } catch (error) {
          expect(error).toMatchObject({ code: 'UNAVAILABLE', retryAfter: 1 });
          return false;
        }
      },
      ends: () => reply.emit('close'),
    };
  };
}

describe('BodyBudget', () => {
  it('counts what has arrived: requests that only began keep nobody out', () => {
    const begin = aBudget();
    for (let n = 0; n < 1000; n++) expect(begin('greedy').sends(1)).toBe(true);
    expect(begin('other').sends(LARGEST)).toBe(true);
  });

  it('gives a key a quarter, and one request beyond it', () => {
    const begin = aBudget();
    const accepted = Array.from({ length: 25 }, () => begin('greedy').sends(LARGEST)).filter((isIn) => isIn);
    expect(accepted).toHaveLength(2);
    const others = Array.from({ length: 3 }, (_, n) => begin(`other-${n}`).sends(LARGEST));
    expect(others).toEqual([true, true, true]);
  });

  it('lets one request of a key be larger than its share, whatever small ones it has besides', () => {
    const begin = aBudget();
    const small = Array.from({ length: 10 }, () => begin('key'));
    for (const request of small) expect(request.sends(1024)).toBe(true);
    const large = begin('key');
    expect(large.sends(LARGEST)).toBe(true);
    expect(large.sends(48 * MEBIBYTE)).toBe(true);
    for (const request of small) expect(request.sends(1024)).toBe(true);
  });

  it('keeps a reserve that large bodies cannot take', () => {
    const begin = aBudget();
    for (let n = 0; n < 6; n++) begin(`key-${n}`).sends(LARGEST);
    const large = begin('key');
    expect(large.sends(LARGEST)).toBe(false);
    expect(begin('another').sends(60 * 1024)).toBe(true);
  });

  it('has everything back when all requests have ended, refused ones too', () => {
    const begin = aBudget();
    for (let round = 0; round < 3; round++) {
      const requests = Array.from({ length: 30 }, (_, n) => begin(`key-${n % 4}`));
      for (const request of requests) request.sends(LARGEST);
      for (const request of requests) request.ends();
      const all = Array.from({ length: 6 }, (_, n) => begin(`new-${n}`));
      expect(all.map((request) => request.sends(LARGEST))).toEqual([true, true, true, true, true, true]);
      for (const request of all) request.ends();
    }
  });

  it('counts nothing more for a request that has ended', () => {
    const begin = aBudget();
    const gone = begin('gone');
    gone.ends();
    for (let n = 0; n < 20; n++) gone.sends(LARGEST);
    expect(begin('other').sends(LARGEST)).toBe(true);
  });
});
