import fc from 'fast-check';
import { GuessLimit } from './guessing.ts';

const STRONG = `osk_${'k'.repeat(43)}`;
const SHORT = 'osk_given-once-1';

function limit(perMinute: number) {
  const clock = { ms: 0 };
  return { clock, guesses: new GuessLimit(perMinute, () => clock.ms) };
}

describe('the limit of wrong keys', () => {
  it('allows a burst, then says how long to wait, and forgets over time', () => {
    const { clock, guesses } = limit(6);
    for (let n = 0; n < 6; n++) expect(guesses.wrong('a')).toBeUndefined();
    expect(guesses.wrong('a')).toBeCloseTo(10);
    expect(guesses.wrong('b')).toBeUndefined();
    clock.ms += 4_000;
    expect(guesses.wrong('a')).toBeCloseTo(6);
    clock.ms += 6_001;
    expect(guesses.wrong('a')).toBeUndefined();
    expect(guesses.wrong('a')).toBeDefined();
    clock.ms += 3_600_000;
    for (let n = 0; n < 6; n++) expect(guesses.wrong('a')).toBeUndefined();
    expect(guesses.wrong('a')).toBeDefined();
  });

  it('always looks up keys that nobody can guess, and short ones only from addresses that used them before', () => {
    const { clock, guesses } = limit(2);
    guesses.right('a', SHORT);
    for (let n = 0; n < 5; n++) for (const address of ['a', 'b']) guesses.wrong(address);
    for (const address of ['a', 'b', 'c']) expect(guesses.waitFor(address, STRONG)).toBeUndefined();
    expect(guesses.waitFor('a', SHORT)).toBeUndefined();
    expect(guesses.waitFor('a', 'osk_another-one1')).toBeCloseTo(30);
    expect(guesses.waitFor('b', SHORT)).toBeCloseTo(30);
    expect(guesses.waitFor('c', SHORT)).toBeUndefined();
    clock.ms += 30_001;
    expect(guesses.waitFor('b', SHORT)).toBeUndefined();
  });

  it('never allows more than the burst plus the refill', () => {
    const step = fc.record({ address: fc.constantFrom('a', 'b', 'c'), ms: fc.nat(20_000) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(step, { maxLength: 200 }), (perMinute, steps) => {
        const { clock, guesses } = limit(perMinute);
        const through = new Map<string, number>();
        for (const { address, ms } of steps) {
          clock.ms += ms;
          if (guesses.wrong(address) === undefined) through.set(address, (through.get(address) ?? 0) + 1);
        }
        for (const count of through.values()) {
          expect(count).toBeLessThanOrEqual(perMinute + (clock.ms / 60_000) * perMinute + 0.01);
        }
      }),
    );
  });

  it('handles many addresses in tables of fixed size, and keeps those that guess', () => {
    const { guesses } = limit(3);
    for (let n = 0; n < 5; n++) guesses.wrong('guesser');
    for (let n = 0; n < 20_000; n++) guesses.wrong(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    expect(guesses.wrong('guesser')).toBeDefined();
  });

  it('is off at 0', () => {
    const { guesses } = limit(0);
    for (let n = 0; n < 1000; n++) expect(guesses.wrong('a')).toBeUndefined();
    expect(guesses.waitFor('a', SHORT)).toBeUndefined();
  });
});
