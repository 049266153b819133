import fc from 'fast-check';
import { AppError } from './errors.ts';
import { backoffMs, retrying, TryAgain, type Failure, type RetryOptions } from './retrying.ts';

const away = () => new AppError('UNAVAILABLE', 'away');
const AT_ONCE = { firstPauseMs: 0 };

/** Fails with each of the errors in turn, then answers with the number of calls. */
function failing(...errors: readonly unknown[]) {
  let calls = 0;
  const work = async () => {
    const error = errors[calls++];
    if (error !== undefined) throw error;
    return calls;
  };
  return { work, calls: () => calls };
}

describe('retrying', () => {
  it('answers with the first call that succeeds', async () => {
    expect(await retrying(failing().work, AT_ONCE)).toBe(1);
    expect(await retrying(failing(away(), away(), away()).work, AT_ONCE)).toBe(4);
  });

  it('throws an error that is not retryable at once', async () => {
    const bug = new TypeError('bug');
    const { work, calls } = failing(away(), bug, away());
    await expect(retrying(work, AT_ONCE)).rejects.toBe(bug);
    expect(calls()).toBe(2);
  });

  it('retries what its caller chooses instead, told which call failed and since when', async () => {
    const failures: Failure[] = [];
    const isRetried = (error: unknown, failure: Failure) => failures.push(failure) > 0 && error instanceof RangeError;
    const { work } = failing(new RangeError(), new RangeError(), away());
    await expect(retrying(work, { ...AT_ONCE, isRetried })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(failures.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(failures[0]!.failingMs).toBe(0);
  });

  it.each([1, 2, 7])('makes %i calls at most and throws the error of the latest', async (attempts) => {
    const errors = Array.from({ length: 10 }, away);
    const { work, calls } = failing(...errors);
    await expect(retrying(work, { ...AT_ONCE, attempts })).rejects.toBe(errors[attempts - 1]);
    expect(calls()).toBe(attempts);
  });

  it('makes no call after its time is over', async () => {
    const { work, calls } = failing(away(), away());
    await expect(retrying(work, { ...AT_ONCE, withinMs: -1 })).rejects.toThrow('away');
    expect(calls()).toBe(1);
  });

  it('reports each failure before its pause, and not the last one', async () => {
    const errors = [away(), away(), away()];
    const reported: unknown[] = [];
    const options: RetryOptions = { ...AT_ONCE, attempts: 3, onRetry: (error) => reported.push(error) };
    await expect(retrying(failing(...errors).work, options)).rejects.toBe(errors[2]);
    expect(reported).toEqual(errors.slice(0, 2));
  });

  it('pauses as long as the error says', async () => {
    const options = { firstPauseMs: 2 ** 30, pauseOf: () => 0 };
    expect(await retrying(failing(away(), away()).work, options)).toBe(3);
  });

  it('takes a TryAgain for a reason to retry, and throws its cause at the end', async () => {
    const never = { ...AT_ONCE, isRetried: () => false };
    const refused = new Error('refused');
    expect(await retrying(failing(new TryAgain(refused)).work, never)).toBe(2);
    const { work, calls } = failing(new TryAgain(away()), new TryAgain(refused));
    await expect(retrying(work, { ...never, attempts: 2 })).rejects.toBe(refused);
    expect(calls()).toBe(2);
  });

  describe('when it is aborted', () => {
    it.each(['during a pause', 'during a call'])('throws the error of the latest call: %s', async (when) => {
      const stopping = new AbortController();
      const error = away();
      let calls = 0;
      const work = () => {
        calls++;
        if (when === 'during a call') stopping.abort();
        return Promise.reject(error);
      };
      const onRetry = () => void setImmediate(() => stopping.abort());
      const options: RetryOptions = { firstPauseMs: 2 ** 30, signal: stopping.signal, onRetry };
      await expect(retrying(work, options)).rejects.toBe(error);
      expect(calls).toBe(1);
    });

    it('still answers if the call in progress succeeds', async () => {
      const stopping = new AbortController();
      const work = async () => (stopping.abort(), 'done');
      expect(await retrying(work, { ...AT_ONCE, signal: stopping.signal })).toBe('done');
    });
  });
});

describe('backoffMs', () => {
  it('doubles up to the longest pause', () => {
    const pauses = [1, 2, 3, 4, 5, 99].map((failures) =>
      backoffMs(failures, { firstPauseMs: 50, longestPauseMs: 300 }),
    );
    expect(pauses).toEqual([50, 100, 200, 300, 300, 300]);
    expect(backoffMs(5, { firstPauseMs: 50 })).toBe(800);
  });

  it('varies by the jitter in both directions and never beyond it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, jitter) => {
        const options = { firstPauseMs: 10, longestPauseMs: 5_000 };
        const plain = backoffMs(failures, options);
        const pause = backoffMs(failures, { ...options, jitter });
        expect(pause).toBeGreaterThanOrEqual(plain * (1 - jitter) - 1e-6);
        expect(pause).toBeLessThanOrEqual(plain * (1 + jitter) + 1e-6);
      }),
    );
    const pauses = Array.from({ length: 100 }, () => backoffMs(1, { firstPauseMs: 10, jitter: 0.5 }));
    expect(new Set(pauses).size).toBeGreaterThan(1);
  });
});
