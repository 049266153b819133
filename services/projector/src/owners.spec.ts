import { AppError } from '@opensync/platform';
import { forEachOwner } from './owners.ts';

describe('forEachOwner', () => {
  it('leaves nothing running when it fails, and reports retryable errors first', async () => {
    const finished: number[] = [];
    const away = new AppError('UNAVAILABLE', 'away');
    const work = async (item: number) => {
      if (item === 0) throw new Error('bug');
      if (item === 1) throw away;
      await new Promise((resolve) => setImmediate(resolve));
      finished.push(item);
    };
    await expect(forEachOwner([0, 1, 2, 3], 2, work)).rejects.toBe(away);
    expect(finished).toEqual([2, 3]);
  });
});
