import { generationsKept, nextOf, stateOf } from './generations.ts';

const next = { generation: 2, done: 0.129, sessions: null };

it('tells a rebuild at work from one that was interrupted', () => {
  expect(stateOf({ next, worker: 'web-1:42', isFilling: false }).words).toBe('Being rebuilt');
  expect(stateOf({ next, worker: null, isFilling: true }).words).toBe('Rebuild interrupted');
  expect(stateOf({ next: null, worker: 'web-1:42', isFilling: true }).words).toBe('Being filled');
  expect(stateOf({ next: null, worker: null, isFilling: false })).toEqual({ kind: 'ok', words: 'Complete' });
});

it('says how far it is, and never that it is done before it is', () => {
  expect(nextOf(next)).toBe('12 % of the log');
  expect(nextOf({ ...next, done: 0.9999 })).toBe('99 % of the log');
  expect(nextOf({ ...next, done: null, sessions: 1_200 })).toBe('1,200 sessions so far');
  expect(nextOf({ ...next, done: null })).toBe('has just begun');
  expect([generationsKept([]), generationsKept([1, 2])]).toEqual(['–', '1, 2']);
});
