import { counted, dollars, short, whole } from './numbers.ts';

describe('a number', () => {
  it.each([0, 7, 999, 1_000, 12_345, 999_999, 1_234_567, 1_000_000_000, -1_234, -123_456, 1_234.5])(
    'has its thousands apart, as English has them: %d',
    (value) => expect(whole(value)).toBe(Math.round(value).toLocaleString('en')),
  );

  it('is counted, short, and in dollars', () => {
    expect([counted(1, 'message'), counted(10_000, 'message')]).toEqual(['1 message', '10,000 messages']);
    expect([short(9_999), short(12_340), short(4_500_000)]).toEqual(['9,999', '12.3k', '4.5M']);
    expect([dollars(0), dollars(0.004), dollars(0.5), dollars(1_234.567)]).toEqual([
      ...['$0', '$0.004', '$0.50', '$1,234.57'],
    ]);
  });
});
