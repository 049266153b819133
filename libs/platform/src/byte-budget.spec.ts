import fc from 'fast-check';
import { ByteBudget } from './byte-budget.ts';

const REFUSED = { refusal: 'come back later', retryAfter: 2 };
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a budget of bytes', () => {
  it('lets callers wait until others return theirs', async () => {
    const budget = new ByteBudget({ limit: 10, waitMs: 10_000, ...REFUSED });
    const release = await budget.acquire('a', 7);
    const log: string[] = [];
    const second = budget.acquire('a', 7).then((free) => (log.push('second'), free));
    await settled();
    expect([log, budget.used, budget.isContended]).toEqual([[], 7, true]);
    release();
    release();
    (await second)();
    expect([log, budget.used, budget.isContended]).toEqual([['second'], 0, false]);
  });

  it('rejects a caller that has waited too long, and lets those behind it continue', async () => {
    const budget = new ByteBudget({ limit: 10, waitMs: 20, ...REFUSED });
    await budget.acquire('a', 6);
    const refusal = budget.acquire('b', 10);
    const small = budget.acquire('c', 4);
    await expect(refusal).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'come back later', retryAfter: 2 });
    await small;
    expect(budget.isContended).toBe(false);
  });

  it('rejects at once what would make a queue too long, of one holder or of all', async () => {
    const budget = new ByteBudget({
      limit: 1,
      waitMs: 60_000,
      ...REFUSED,
      mostWaiting: 3,
      mostWaitingOfHolder: 2,
    });
    const release = await budget.acquire('a', 1);
    const waiting = [budget.acquire('a', 1), budget.acquire('a', 1)];
    await expect(budget.acquire('a', 1)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfter: 2 });
    waiting.push(budget.acquire('b', 1));
    await expect(budget.acquire('c', 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    release();
    for (const granted of waiting) void granted.then((free) => free());
    await Promise.all(waiting);
    (await budget.acquire('c', 1))();
    expect(budget.isContended).toBe(false);
  });

  it('serves holders in turns, however often each asks', async () => {
    const budget = new ByteBudget({ limit: 1, waitMs: 10_000, ...REFUSED });
    let release = await budget.acquire('other', 1);
    const order: string[] = [];
    const ask = (holder: string) =>
      budget.acquire(holder, 1).then((free) => {
        order.push(holder);
        release = free;
      });
    const asked = ['a', 'a', 'a', 'b', 'c', 'b'].map(ask);
    for (let served = 0; served < asked.length; served++) {
      release();
      await settled();
    }
    await Promise.all(asked);
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
  });

  it('keeps a share free from one holder', async () => {
    const budget = new ByteBudget({ limit: 10, perHolder: 5, waitMs: 10_000, ...REFUSED });
    const release = await budget.acquire('a', 5);
    const log: string[] = [];
    void budget.acquire('a', 1).then(() => log.push('a'));
    await budget.acquire('b', 5);
    await settled();
    expect(log).toEqual([]);
    release();
    await settled();
    expect(log).toEqual(['a']);
  });

  it('gives a request that is larger than the budget all of it', async () => {
    const budget = new ByteBudget({ limit: 10, waitMs: 10_000, ...REFUSED });
    await budget.acquire('a', 1000);
    expect(budget.used).toBe(10);
  });

  it('never exceeds its limit, nor a holder its share, and serves everyone', async () => {
    const request = fc.record({ holder: fc.constantFrom('a', 'b', 'c'), bytes: fc.integer({ min: 0, max: 12 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 40 }), fc.infiniteStream(fc.nat()), async (requests, choices) => {
        const budget = new ByteBudget({ limit: 10, perHolder: 6, waitMs: 10_000, ...REFUSED });
        const held: { holder: string; bytes: number; free: () => void }[] = [];
        const asked = requests.map(({ holder, bytes }) =>
          budget.acquire(holder, bytes).then((free) => {
            held.push({ holder, bytes: Math.min(bytes, 6), free });
            const sum = (of: typeof held) => of.reduce((all, one) => all + one.bytes, 0);
            expect(sum(held)).toBeLessThanOrEqual(10);
            expect(sum(held.filter((one) => one.holder === holder))).toBeLessThanOrEqual(6);
          }),
        );
        for (let served = 0; served < requests.length; served++) {
          await settled();
          const [one] = held.splice(choices.next().value % held.length, 1);
          one!.free();
        }
        await Promise.all(asked);
        expect([budget.used, budget.isContended]).toEqual([0, false]);
      }),
    );
  });
});
