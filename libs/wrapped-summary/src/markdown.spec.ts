import { quarterOf } from '@opensync/contracts';
import { calendarOf } from './calendar.ts';
import { editionNamed } from './editions.ts';
import { summaryText } from './markdown.ts';
import { readSummary } from './read-summary.ts';
import { storedActivity, type Activity } from './testing/stored-activity.ts';
import { hoursText, shortText, usdText } from './texts.ts';

const textOf = async (activities: readonly Activity[]) =>
  summaryText(
    await readSummary(
      storedActivity(activities),
      [{ workspaceId: 'w', userId: 'u', shared: false }],
      editionNamed('2026-11-08')!,
      calendarOf([{ zone: 'UTC' }]),
    ),
  );
const quarter = quarterOf(Date.parse('2026-11-08T09:00:00Z'));

describe('a summary as Markdown', () => {
  it('says what happened, and where the cost is from', async () => {
    const amounts = { sessions: 1, messages: 2, totalTokens: 1_234_567, computedMicros: 2_500_000, unpricedTokens: 5 };
    const text = await textOf([{ quarter, amounts, tool: 'Bash', durationMs: 5_400_000 }]);
    expect(text).toContain('1 session, 2 messages, 1,234,567 tokens, at least $2.50 (computed from prices).');
    expect(text).toContain('| Busiest hour | 09:00 |');
    expect(text).toContain('| Longest session | 1 h 30 min |');
  });

  it('shows names as code, whatever they contain', async () => {
    const model = '`x` <b>|[a](b)\n# c';
    const text = await textOf([{ quarter, amounts: { totalTokens: 1 }, model }]);
    expect(text).toContain('- `` `x` <b>¦[a](b) # c ``: 1 token, no cost');
  });

  it('of a day on which nothing happened is short', async () => {
    expect(await textOf([])).toContain('0 sessions, 0 messages, 0 tokens, no cost.');
  });

  it('writes amounts for people', () => {
    expect([0, 999, 1234, 12_345_678, 1e12].map(shortText)).toEqual(['0', '999', '1.23K', '12.3M', '1T']);
    expect([0, 0.001, 0.01, 1234.5].map(usdText)).toEqual(['$0.00', '<$0.01', '$0.01', '$1,234.50']);
    expect([1, 60_000, 3_600_000, 4_800_000, 400 * 3_600_000].map(hoursText)).toEqual([
      ...['1 min', '1 min', '1 h', '1 h 20 min', '400 h'],
    ]);
  });
});
