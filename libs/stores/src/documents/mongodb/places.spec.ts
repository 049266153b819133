import fc from 'fast-check';
import { placed, placedValue } from './places.ts';

describe('placed values', () => {
  it("sort so that the least one has the first message's value, and return it", () => {
    const message = fc.record({ createdAt: fc.nat(2 ** 45), sequence: fc.nat(2 ** 40) });
    const value = fc.tuple(message, fc.string({ unit: 'binary' }));
    const places = fc.uniqueArray(value, {
      minLength: 1,
      selector: ([{ createdAt, sequence }]) => `${createdAt}/${sequence}`,
    });
    fc.assert(
      fc.property(places, (values) => {
        const least = values.map((one) => placed(...one)!).reduce((a, b) => (b < a ? b : a));
        const [first] = values.toSorted(([a], [b]) => a.createdAt - b.createdAt || a.sequence - b.sequence);
        expect(placedValue(least)).toBe(first![1]);
      }),
    );
  });

  it('are null without a value', () => {
    expect(placed({ createdAt: 1, sequence: 2 }, null)).toBeNull();
    expect(placedValue(null)).toBeNull();
  });
});
