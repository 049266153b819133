import { AppError } from '@opensync/platform';
import { namedPauseMs } from './named-pause.ts';

const limited = (retryAfter: number) => new AppError('RATE_LIMITED', 'slow down', { retryAfter });

describe('the pause that an error names', () => {
  it('is that of a rate limit, if it is longer than usual', () => {
    expect([namedPauseMs(limited(20), 5_000), namedPauseMs(limited(5), 5_000)]).toEqual([20_000, undefined]);
  });

  it('is at most a minute', () => {
    expect(namedPauseMs(limited(86_400), 5_000)).toBe(60_000);
  });

  it('is not taken from other errors: a store may be back sooner', () => {
    const away = new AppError('UNAVAILABLE', 'no disk space', { retryAfter: 30 });
    expect([namedPauseMs(away, 5_000), namedPauseMs(new Error('x'), 5_000)]).toEqual([undefined, undefined]);
  });
});
