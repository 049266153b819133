import fc from 'fast-check';
import { isNestedDeeper } from './nesting.ts';

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

describe('isNestedDeeper', () => {
  it('agrees with the plain recursive depth', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(7), (value, levels) => {
        expect(isNestedDeeper(value, levels)).toBe(depthOf(value) > levels);
      }),
    );
  });

  it.each([
    ['arrays', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['objects', '{"a":'.repeat(200_000) + '1' + '}'.repeat(200_000)],
  ])('handles %s nested deeper than the stack', (_, json) => {
    expect(isNestedDeeper(JSON.parse(json), 100)).toBe(true);
    expect(isNestedDeeper(JSON.parse(json), 200_000)).toBe(false);
  });
});
