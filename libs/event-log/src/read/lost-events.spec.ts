import fc from 'fast-check';
import { firstAbove } from '../topology/raise-events.ts';
import { lostEventsOf } from './lost-events.ts';

const state = (first_seq: number, last_seq: number, messages: number) => ({ first_seq, last_seq, messages });

describe('the lost events of a log', () => {
  it.each([
    ['none of a new log', state(0, 0, 0), 0],
    ['none of a whole one', state(1, 900, 900), 0],
    ['none of one that goes on above a lost log', state(20_000_000, 20_000_899, 900), 0],
    ['none of that before its first event', state(20_000_000, 19_999_999, 0), 0],
    ['those at the beginning', state(101, 900, 800), 100],
    ['those in the middle', state(1, 900, 850), 50],
    ['all of them', state(901, 900, 0), 900],
    ['those at the beginning of one above a lost log', state(20_000_005, 20_000_899, 895), 5],
    ['those that the server knows of', { ...state(1, 900, 900), lost: { msgs: [4, 5], bytes: 9 } }, 2],
    ['at least one if the server knows of bytes alone', { ...state(1, 900, 900), lost: { msgs: null, bytes: 9 } }, 1],
  ])('are %s', (_what, found, expected) => {
    expect(lostEventsOf(found as Parameters<typeof lostEventsOf>[0])).toBe(expected);
  });

  it('are as many as were removed, for any size and beginning of the log', () => {
    const sizes = fc.record({ seen: fc.option(fc.nat(50_000_000)), size: fc.integer({ min: 1, max: 100_000 }) });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), ({ seen, size }, atFirst, later) => {
        const start = seen === null ? 1 : firstAbove(seen);
        const [ahead, within] = [atFirst % size, later % (size - (atFirst % size))];
        const [first, last] = [start + ahead, start + size - 1];
        expect(lostEventsOf(state(first, last, size - ahead - within))).toBe(ahead + within);
      }),
    );
  });
});
