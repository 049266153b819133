import { jest } from '@jest/globals';
import { inBrowser } from '../testing/browser.ts';

it('does nothing a second time while the first one runs, and again after it, also if that failed', async () => {
  const { Work } = await inBrowser({});
  const work = new Work();
  let end = (): void => undefined;
  const replay = jest.fn(() => new Promise<void>((_resolve, reject) => (end = () => reject(new Error('failed')))));
  const first = work.run(replay);
  await work.run(replay);
  expect([replay.mock.calls.length, work.isRunning]).toEqual([1, true]);
  end();
  await expect(first).rejects.toThrow('failed');
  expect(work.isRunning).toBe(false);
  const second = work.run(replay);
  end();
  await expect(second).rejects.toThrow('failed');
  expect(replay).toHaveBeenCalledTimes(2);
});
