import { setImmediate as nextTurn } from 'node:timers/promises';
import { KeyTurns } from './key-turns.ts';

let now = 0;
const turnsWith = (options: { perTurn?: number; mostWaiting?: number } = {}) =>
  new KeyTurns({ perTurn: 2, mostWaiting: 3, activeMs: 1_000, now: () => now, ...options });

/** Both keys have just been seen. */
function contended(turns: KeyTurns): void {
  for (const key of ['a', 'b']) void turns.take(key);
}

beforeEach(() => {
  now = 0;
});

describe('turns of keys', () => {
  it('let a key that is alone begin as often as it likes', () => {
    const turns = turnsWith();
    for (let at = 0; at < 1_000; at++) expect(turns.take('a')).toBeUndefined();
  });

  it('let the many requests of one key wait while another one is active', async () => {
    const turns = turnsWith({ mostWaiting: 100 });
    contended(turns);
    await nextTurn();
    const begun: string[] = [];
    for (let at = 0; at < 7; at++) void Promise.resolve(turns.take('a')).then(() => begun.push('a'));
    void Promise.resolve(turns.take('b')).then(() => begun.push('b'));
    await Promise.resolve();
    // The other key's one request does not wait behind them.
    expect(begun).toEqual(['a', 'a', 'b']);
    await nextTurn();
    expect(begun).toHaveLength(5);
    await nextTurn();
    await nextTurn();
    expect(begun).toEqual(['a', 'a', 'b', 'a', 'a', 'a', 'a', 'a']);
  });

  it('keep the order of the requests of a key', async () => {
    const turns = turnsWith({ mostWaiting: 100 });
    contended(turns);
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        await turns.take('a');
        order.push(at);
      }),
    );
    expect(order).toEqual(order.toSorted((one, other) => one - other));
  });

  it.each([
    { turnMs: 10, begin: 2 },
    { turnMs: 200, begin: 13 },
    { turnMs: 60_000, begin: 16 },
  ])('that take $turnMs ms let $begin requests of each key begin', async ({ turnMs, begin }) => {
    const turns = turnsWith({ mostWaiting: 100 });
    contended(turns);
    await nextTurn();
    let begun = 0;
    for (let at = 0; at < 42; at++) void Promise.resolve(turns.take('a')).then(() => begun++);
    now += turnMs;
    await nextTurn();
    expect(begun).toBe(2 + begin);
    // The next one is short again.
    await nextTurn();
    expect(begun).toBe(4 + begin);
  });

  it('refuse more than so many waiting requests of one key, and only of that key', async () => {
    const turns = turnsWith();
    contended(turns);
    await nextTurn();
    for (let at = 0; at < 5; at++) void turns.take('a');
    expect(() => turns.take('a')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED', retryAfter: 1 }));
    expect(turns.take('b')).toBeUndefined();
  });

  it('end soon after the last request of the other key', async () => {
    const turns = turnsWith();
    contended(turns);
    await nextTurn();
    now = 1_001;
    for (let at = 0; at < 10; at++) expect(turns.take('a')).toBeUndefined();
  });
});
