import { inWords, lastingEffect, until } from './jobs.ts';

it.each([
  ['* * * * *', 'every minute'],
  ['*/15 * * * *', 'every 15 minutes'],
  ['20 3 * * *', 'daily at 03:20'],
  ['0 4 * * 1', '0 4 * * 1'],
  ['0 */6 * * *', '0 */6 * * *'],
  ['5 * * * *', '5 * * * *'],
  ['* 3 * * *', '* 3 * * *'],
  ['', ''],
])('says when %j is', (schedule, words) => {
  expect(inWords(schedule)).toBe(words);
});

it('asks before what cannot be undone alone', () => {
  expect(lastingEffect('trash')).toMatch(/erased for good/);
  expect(lastingEffect('docs')).toBeUndefined();
});

it.each([
  [0, 'now'],
  [20_000, 'now'],
  [-30_000, 'now'],
  [-90_000, 'overdue'],
  [5 * 60_000, 'in 5 min'],
  [3 * 3_600_000, 'in 3 h'],
  [72 * 3_600_000, 'in 3 d'],
])('says how far away %d ms are', (ms, words) => {
  expect(until(1_000_000_000 + ms, 1_000_000_000)).toBe(words);
});
