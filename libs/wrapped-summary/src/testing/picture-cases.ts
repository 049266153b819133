import { quarterOf } from '@opensync/contracts';
import { calendarOf } from '../calendar.ts';
import { editionNamed } from '../editions.ts';
import { readSummary } from '../read-summary.ts';
import type { WrappedSummary } from '../summary.ts';
import { storedActivity, type Activity } from './stored-activity.ts';

/** What pictures have to cope with. */
export interface PictureCase {
  readonly who: string;
  readonly date: string;
  readonly activities: readonly Activity[];
}

const DATE = '2026-11-29';
const at = (hour: number, day = DATE) => quarterOf(Date.parse(`${day}T${String(hour).padStart(2, '0')}:00:00Z`));

/** A day on which these models and projects were used, more in the afternoon. */
function aDay(models: readonly string[], projects: readonly string[], tokens: number, date = DATE): Activity[] {
  return models.flatMap((model, index) =>
    [9, 10, 11, 14, 15, 16, 17, 21].map((hour): Activity => {
      const share = (1 + ((hour * 7 + index * 3) % 5)) / (1 + index);
      return {
        quarter: at(hour, date),
        model,
        project: projects[(index + hour) % projects.length]!,
        tool: 'Bash',
        durationMs: 1_800_000 * (1 + (hour % 5)),
        amounts: {
          ...{ sessions: 1, messages: Math.round(12 * share), totalTokens: Math.round(tokens * share) },
          ...{ promptTokens: Math.round(tokens * share * 0.9), cacheReadTokens: Math.round(tokens * share * 0.7) },
          ...{ computedMicros: Math.round(tokens * share * 2), toolCalls: Math.round(30 * share), toolErrors: 1 },
        },
      };
    }),
  );
}

const WEEK = Array.from({ length: 7 }, (_, index) => `2026-11-${22 + index}`);
const USUAL = ['claude-opus-4-5', 'gpt-5.2-codex', 'gemini-3-pro'];

export const PICTURE_CASES: Readonly<Record<string, PictureCase>> = {
  usual: {
    who: 'Ada Lovelace',
    date: DATE,
    activities: [
      ...WEEK.flatMap((day) => aDay(USUAL, ['engine', 'notes'], 60_000, day)),
      ...aDay(USUAL, ['analytical-engine', 'notes'], 91_234),
    ],
  },
  'long names': {
    who: 'Wolfeschlegelsteinhausenbergerdorff the Elder of Hamburg-Altona',
    date: DATE,
    activities: aDay(
      [
        'us.anthropic.claude-opus-4-5-20251101-v1:0[1m]:thinking-extended-preview',
        'a-model-with-a-name-of-some-length',
        'm',
      ],
      ['the-monorepo-with-the-name-that-nobody-can-remember-or-type', '<b>&amp;"quoted"</b>'],
      7_000,
    ),
  },
  'nothing happened': { who: 'Ada Lovelace', date: DATE, activities: [] },
  'right to left': {
    who: 'نور الدين',
    date: DATE,
    activities: aDay(['claude-opus-4-5', 'نموذج تجريبي v2'], ['مشروع العميل api-v2', 'פרויקט הבית (2026)'], 42_000),
  },
  'CJK and emoji': {
    who: '田中さくら 🌸',
    date: DATE,
    activities: aDay(['通义千问-max', 'claude-opus-4-5', '하이퍼클로바'], ['データ基盤 🚀', '数据管道平台'], 55_000),
  },
  'a trillion tokens': { who: 'Team Rocket', date: DATE, activities: aDay(USUAL, ['everything'], 62_500_000_000) },
  'a year': {
    who: 'Ada Lovelace',
    date: '2026',
    activities: Array.from({ length: 300 }, (_, index) =>
      new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10),
    ).flatMap((day) => aDay(USUAL.slice(0, 1), ['engine'], 800_000, day).slice(0, 3)),
  },
};

export function summaryOfCase({ date, activities }: PictureCase): Promise<WrappedSummary> {
  const scopes = [{ workspaceId: 'w', userId: 'u', shared: false }];
  return readSummary(storedActivity(activities), scopes, editionNamed(date)!, calendarOf([{ zone: 'UTC' }]));
}
