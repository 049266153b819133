import { Pauses } from './pauses.ts';

describe('Pauses', () => {
  const setUp = () => {
    const happened: string[] = [];
    const ends = new Map<string, () => void>();
    const pauses = new Pauses();
    const work = pauses.around(async (name: string) => {
      happened.push(`${name} begins`);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      happened.push(`${name} ends`);
    });
    return { happened, pauses, work, end: (name: string) => ends.get(name)!() };
  };

  it('begin when the work under way has ended, and hold what comes meanwhile', async () => {
    const { happened, pauses, work, end } = setUp();
    const before = work('a');
    await new Promise(setImmediate);
    const gate = Promise.withResolvers<void>();
    const pause = pauses.during(async () => {
      happened.push('pause');
      await gate.promise;
    });
    const after = work('b');
    await new Promise(setImmediate);
    expect(happened).toEqual(['a begins']);
    end('a');
    await before;
    await new Promise(setImmediate);
    expect(happened).toEqual(['a begins', 'a ends', 'pause']);
    gate.resolve();
    await pause;
    await new Promise(setImmediate);
    expect(happened.at(-1)).toBe('b begins');
    end('b');
    await after;
  });

  it('follow one another, and a failing one holds nothing back', async () => {
    const { happened, pauses, work, end } = setUp();
    const failing = pauses.during(() => Promise.reject(new Error('no')));
    const second = pauses.during(async () => void happened.push('second'));
    await expect(failing).rejects.toThrow('no');
    await second;
    const working = work('a');
    await new Promise(setImmediate);
    end('a');
    await working;
    expect(happened).toEqual(['second', 'a begins', 'a ends']);
  });
});
