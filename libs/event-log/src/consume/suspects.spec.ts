import fc from 'fast-check';
import { inSuspectGroups } from './suspects.ts';

const batchOf = (...attempts: number[]) => attempts.map((count, at) => ({ attempts: count, at }));
const sizes = (...attempts: number[]) => inSuspectGroups(batchOf(...attempts)).map((group) => group.length);

describe('inSuspectGroups', () => {
  it('keeps new messages together and isolates those that were delivered often', () => {
    expect(sizes(1, 1, 1)).toEqual([3]);
    expect(sizes(4, 4, 7)).toEqual([1, 1, 1]);
    expect(sizes(...Array<number>(120).fill(2))).toEqual([50, 50, 20]);
    expect(sizes(...Array<number>(12).fill(3))).toEqual([5, 5, 2]);
    expect(sizes(2, 2, 4, 1, 1, 2)).toEqual([2, 1, 2, 1]);
    expect(sizes()).toEqual([]);
  });

  it('keeps every message, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 200 }), (attempts) => {
        const batch = batchOf(...attempts);
        expect(inSuspectGroups(batch).flat()).toEqual(batch);
      }),
    );
  });
});
