import { uuidv7 } from './uuidv7.ts';

const timeOf = (id: string) => Number.parseInt(id.slice(0, 13).replace('-', ''), 16);

describe('uuidv7', () => {
  it('has the version, the variant and the layout of RFC 9562', () => {
    for (let n = 0; n < 1000; n++) {
      expect(uuidv7()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  it('begins with the time', () => {
    const before = Date.now();
    const time = timeOf(uuidv7());
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
  });

  it('never repeats, even within a millisecond', () => {
    const ids = Array.from({ length: 10_000 }, uuidv7);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
