import { AddressBuckets } from './address-buckets.ts';

describe('AddressBuckets', () => {
  it('gives each address its own tokens, and more over time', () => {
    const clock = { ms: 0 };
    const buckets = new AddressBuckets(6, () => clock.ms);
    for (let n = 0; n < 6; n++) expect(buckets.take('a')).toBeUndefined();
    expect(buckets.take('a')).toBeCloseTo(10);
    expect(buckets.waitFor('a')).toBeCloseTo(10);
    expect(buckets.take('b')).toBeUndefined();
    clock.ms += 10_001;
    expect(buckets.waitFor('a')).toBeUndefined();
    expect(buckets.take('a')).toBeUndefined();
    expect(buckets.take('a')).toBeDefined();
  });

  it('remembers addresses without tokens while many others pass through', () => {
    const buckets = new AddressBuckets(3, () => 0);
    for (let n = 0; n < 5; n++) buckets.take('busy');
    for (let n = 0; n < 20_000; n++) buckets.take(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    expect(buckets.waitFor('busy')).toBeDefined();
  });
});
