import { ago, clock, clockToSecond, exact } from './times.ts';

const AT = Date.UTC(2026, 4, 6, 7, 8, 9);
const DAY = 86_400_000;

describe('a time', () => {
  it('is written as the reader has it', () => {
    const date = new Date(AT);
    expect(exact(AT)).toBe(date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' }));
    expect(clock(AT)).toBe(date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' }));
    expect(clockToSecond(AT)).toBe(
      date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' }),
    );
  });

  it('that is none leaves the rest of the page as it is', () => {
    expect([exact(NaN), clock(NaN)]).toEqual(['Invalid Date', 'Invalid Date']);
  });

  it('is told from now on back, with the year if it is another one', () => {
    expect([ago(AT, AT + 30_000), ago(AT, AT + 5 * 60_000), ago(AT, AT + 3 * DAY)]).toEqual([
      ...['now', '5 min ago', '3 d ago'],
    ]);
    expect(ago(AT, AT + 30 * DAY)).not.toContain('2026');
    expect(ago(AT, AT + 400 * DAY)).toContain('2026');
  });
});
