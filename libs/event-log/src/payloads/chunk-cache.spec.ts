import { ChunkCache } from './chunk-cache.ts';

const chunk = (bytes: number) => ({ sequence: 1, index: 0, count: 1, size: bytes, data: new Uint8Array(bytes) });

describe('the cache of chunks', () => {
  it('keeps the most recently used ones, within its bytes', () => {
    const cache = new ChunkCache({ limit: 10, maxAgeMs: 60_000 });
    for (const name of ['a', 'b', 'c']) cache.set(name, 0, chunk(3));
    cache.get('a', 0);
    cache.set('d', 0, chunk(3));
    expect(['a', 'b', 'c', 'd'].filter((name) => cache.get(name, 0))).toEqual(['a', 'c', 'd']);
    expect(cache.bytes).toBe(9);
    cache.set('huge', 0, chunk(11));
    expect([cache.bytes, cache.get('huge', 0)]).toEqual([0, undefined]);
  });

  it('counts a chunk that is set again once', () => {
    const cache = new ChunkCache({ limit: 10, maxAgeMs: 60_000 });
    for (let times = 0; times < 5; times++) cache.set('a', 0, chunk(4));
    expect(cache.bytes).toBe(4);
  });

  it('removes all chunks of a payload, and expired ones', () => {
    const cache = new ChunkCache({ limit: 100, maxAgeMs: 60_000 });
    for (const index of [0, 1, 2]) cache.set('a', index, chunk(5));
    cache.set('b', 0, chunk(5));
    cache.delete('a');
    expect([cache.get('a', 1), cache.bytes]).toEqual([undefined, 5]);
    const old = new ChunkCache({ limit: 100, maxAgeMs: -1 });
    old.set('a', 0, chunk(5));
    expect([old.get('a', 0), old.bytes]).toEqual([undefined, 0]);
  });
});
