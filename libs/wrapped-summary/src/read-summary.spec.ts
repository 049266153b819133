import { AMOUNTS, dayAfter, quarterOf, type AmountName } from '@opensync/contracts';
import fc from 'fast-check';
import { calendarOf } from './calendar.ts';
import { editionNamed, editionOf } from './editions.ts';
import { readDays } from './read-days.ts';
import { readSummary } from './read-summary.ts';
import { daysBetween } from './summary.ts';
import { storedActivity, type Activity } from './testing/stored-activity.ts';

const SCOPES = [{ workspaceId: 'w', userId: 'u', shared: false }];
const at = (iso: string) => quarterOf(Date.parse(iso));
const berlin = calendarOf([{ zone: 'Europe/Berlin' }]);
const summaryOf = (activities: readonly Activity[], date: string, calendar = berlin) =>
  readSummary(storedActivity(activities), SCOPES, editionNamed(date)!, calendar);
const message = (iso: string, totalTokens = 1, rest: Partial<Activity> = {}): Activity => ({
  quarter: at(iso),
  amounts: { messages: 1, totalTokens },
  ...rest,
});

describe('the summary of a day', () => {
  it('is of the day in the time zone, by the hours that clocks showed', async () => {
    const summary = await summaryOf(
      [
        message('2026-10-24T21:45:00Z', 1),
        // Half past two happens twice on this day.
        message('2026-10-25T00:30:00Z', 10),
        message('2026-10-25T01:30:00Z', 100),
        message('2026-10-25T22:45:00Z', 1000),
        message('2026-10-25T23:00:00Z', 10_000),
      ],
      '2026-10-25',
    );
    expect(summary.totals.totalTokens).toBe(1110);
    expect(summary).toMatchObject({ tz: 'Europe/Berlin', busiestHour: 2, busiestDay: '2026-10-25', activeDays: 1 });
    expect(summary.hours[2]).toEqual({ messages: 2, totalTokens: 110 });
    expect(summary.to - summary.from).toBe(25 * 3_600_000);
    expect(summary.days.map(({ totalTokens }) => totalTokens)).toEqual([0, 0, 0, 0, 0, 0, 1, 1110]);
  });

  it('is compared with an average day of the week before', async () => {
    const before = [1, 2, 3, 4, 5, 6, 7].map((day) => message(`2026-11-0${day}T12:00:00Z`, 100));
    const summary = await summaryOf([...before, message('2026-11-08T12:00:00Z', 150)], '2026-11-08');
    expect(summary.comparison).toMatchObject({ from: '2026-11-01', days: 7, totalTokens: 700 });
    expect(summary.comparison.change).toEqual({ sessions: null, messages: 0, totalTokens: 0.5, usd: null });
  });

  it('counts active days in a row, further back than it reads at first', async () => {
    const days = daysBetween('2026-08-01', '2026-11-09').filter((day) => day !== '2026-08-11');
    const summary = await summaryOf(
      days.map((day) => message(`${day}T12:00:00Z`)),
      '2026-11-08',
    );
    expect(summary.streak).toBe(daysBetween('2026-08-12', '2026-11-09').length);
    const years = daysBetween('2024-01-01', '2026-11-09').map((day) => message(`${day}T12:00:00Z`));
    expect((await summaryOf(years, '2026-11-08')).streak).toBe(400);
    expect((await summaryOf(years, '2026-11-09')).streak).toBe(0);
  });

  it('names what was used most, and the longest session', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', ''];
    const summary = await summaryOf(
      [
        ...names.map((model, index) => message('2026-11-08T12:00:00Z', 7 - index, { model })),
        message('2026-11-08T12:00:00Z', 0, {
          ...{ tool: 'Bash', amounts: { sessions: 1, toolCalls: 3, reportedMicros: 5 }, durationMs: 90_000 },
        }),
        message('2026-11-08T13:00:00Z', 0, { amounts: { sessions: 1 }, durationMs: 60_000 }),
      ],
      '2026-11-08',
    );
    expect(summary.models.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(summary.tools).toEqual([{ name: 'Bash', calls: 3, errors: 0 }]);
    expect(summary.longestSessionMs).toBe(90_000);
    expect(summary.totals.cost).toMatchObject({ usd: 0.000005, status: 'reported', complete: true });
  });

  it('of a day on which nothing happened has zeros', async () => {
    const summary = await summaryOf([], '2026-11-08');
    expect(summary).toMatchObject({ activeDays: 0, streak: 0, longestStreak: 0, busiestHour: null, busiestDay: null });
    expect([summary.models, summary.tools]).toEqual([[], []]);
    expect(summary.totals.cost.status).toBe('none');
  });
});

describe('two years of days, with moves between time zones', () => {
  const FIRST = '2025-01-01';
  const amounts = fc.record({
    messages: fc.nat(50),
    totalTokens: fc.nat(10 ** 9),
    promptTokens: fc.nat(10 ** 9),
    computedMicros: fc.nat(10 ** 9),
    sessions: fc.nat(3),
  });
  const activity = fc.record({ quarter: fc.nat(730 * 96).map((offset) => at(`${FIRST}T00:00:00Z`) + offset), amounts });
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Kiritimati', 'Australia/Lord_Howe');
  const from = fc.integer({ min: 1, max: 729 }).map((days) => dayAfter(FIRST, days));
  const calendar = fc
    .tuple(zone, fc.array(fc.record({ zone, from }), { maxLength: 4 }))
    .map(([first, moves]) => calendarOf([{ zone: first }, ...moves]));

  it('add up to the weeks, months and years, exactly', async () => {
    const property = fc.asyncProperty(fc.array(activity, { maxLength: 200 }), calendar, async (activities, days) => {
      const store = storedActivity(activities);
      const ofPeriod = async (date: string) =>
        (await readSummary(store, SCOPES, editionNamed(date)!, days)).totals as unknown as Record<AmountName, number>;
      for (const date of ['2025', '2026', '2025-03', '2025-10', '2026-12', '2025-W01', '2026-W53']) {
        const period = editionNamed(date)!;
        const whole = await readSummary(store, SCOPES, period, days);
        const lines = await readDays(store, SCOPES, days, period);
        expect(whole.days).toEqual(lines);
        const sum = (name: 'messages' | 'totalTokens' | 'sessions') =>
          lines.reduce((total, line) => total + line[name], 0);
        expect([sum('messages'), sum('totalTokens'), sum('sessions')]).toEqual([
          whole.totals.messages,
          whole.totals.totalTokens,
          whole.totals.sessions,
        ]);
        expect(whole.hours.reduce((total, { totalTokens }) => total + totalTokens, 0)).toBe(whole.totals.totalTokens);
      }
      const months = Array.from({ length: 12 }, (_, month) => `2025-${String(month + 1).padStart(2, '0')}`);
      const parts = await Promise.all(months.map(ofPeriod));
      const year = await ofPeriod('2025');
      for (const name of AMOUNTS.filter((one) => one in year)) {
        expect(parts.reduce((total, part) => total + part[name], 0)).toBe(year[name]);
      }
    });
    await fc.assert(property, { numRuns: 12 });
  });

  it('give the line of a day in its own summary as in that of its month', async () => {
    const property = fc.asyncProperty(
      fc.array(activity, { maxLength: 60 }),
      calendar,
      from,
      async (made, days, day) => {
        const store = storedActivity(made);
        const own = await readSummary(store, SCOPES, editionNamed(day)!, days);
        const month = await readSummary(store, SCOPES, editionOf('month', day), days);
        expect(own.days.at(-1)).toEqual(month.days.find(({ date }) => date === day));
        expect(own.totals.totalTokens).toBe(own.days.at(-1)!.totalTokens);
        // The same figures give the same text.
        expect(
          JSON.stringify(await readSummary(storedActivity(made.toReversed()), SCOPES, editionNamed(day)!, days)),
        ).toBe(JSON.stringify(own));
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });
});
