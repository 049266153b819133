import { jest } from '@jest/globals';
import { memoryOfProcess, returnMemory } from './returned-memory.ts';

const MIB = 1024 * 1024;

/** Some 100 bytes for each. */
function holdAndForget(count: number): number {
  return Array.from({ length: count }, (_, at) => ({ at, list: [at] })).length;
}

describe('memory of a process with a limit', () => {
  let end: () => void = () => undefined;
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => {
    end();
    jest.useRealTimers();
  });

  /** Collections, by their seconds. @param after what is resident after each, in MiB */
  const watch = (limit: number, resident: { mib: number }, after: () => number) => {
    const collections: number[] = [];
    const startedAt = Date.now();
    end = returnMemory({
      resident: () => resident.mib * MIB,
      limit: () => limit,
      returnFree: () => {
        collections.push((Date.now() - startedAt) / 1000);
        resident.mib = after();
      },
    });
    return collections;
  };

  it('goes back to the system as soon as much of the limit is used, and not before', () => {
    const resident = { mib: 300 };
    const collections = watch(512 * MIB, resident, () => 290);
    jest.advanceTimersByTime(60_000);
    expect(collections).toEqual([]);
    resident.mib = 400;
    jest.advanceTimersByTime(60_000);
    expect(collections).toEqual([62]);
  });

  it('is looked for again when the process has grown since', () => {
    const resident = { mib: 500 };
    const collections = watch(512 * MIB, resident, () => 400);
    jest.advanceTimersByTime(60_000);
    resident.mib = 430;
    jest.advanceTimersByTime(60_000);
    expect(collections).toEqual([2]);
    resident.mib = 435;
    jest.advanceTimersByTime(60_000);
    expect(collections).toEqual([2, 122]);
  });

  it.each([0, Infinity])('is nobody’s business without a limit: %d', (limit) => {
    const collections = watch(limit, { mib: 500 }, () => 100);
    jest.advanceTimersByTime(60_000);
    expect(collections).toEqual([]);
  });

  it('of this process goes back to the system', () => {
    // Held until here, by a function that has ended: small objects, whose pages an ordinary collection keeps.
    expect(holdAndForget(1_500_000)).toBe(1_500_000);
    let returned = 0;
    const before = process.memoryUsage.rss();
    const real = memoryOfProcess();
    end = returnMemory({
      ...real,
      limit: () => before,
      returnFree: () => {
        real.returnFree();
        returned = before - real.resident();
      },
    });
    jest.advanceTimersByTime(2_000);
    expect(returned).toBeGreaterThan(80 * MIB);
  });
});
