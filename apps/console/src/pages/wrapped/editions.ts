export const DESIGNS = ['poster', 'aurora', 'receipt', 'skyline', 'rings', 'terminal'] as const;
export const SIZES = { '1080x1920': 'Tall, for stories', '1200x630': 'Wide, for links' } as const;
export type Edition = 'day' | 'week' | 'month' | 'year';

const DAY_MS = 86_400_000;

/** The name of the edition that has a day: `2026-11-30`, `2026-W49`, `2026-11` or `2026`. */
export function nameOf(edition: Edition, day: string): string {
  switch (edition) {
    case 'day':
      return day;
    case 'week': {
      // The week of ISO 8601 belongs to the year of its Thursday.
      const at = new Date(`${day}T00:00:00Z`);
      const thursday = new Date(at.getTime() + (4 - (at.getUTCDay() || 7)) * DAY_MS);
      const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
      const week = Math.floor((thursday.getTime() - first) / DAY_MS / 7) + 1;
      return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
    }
    case 'month':
      return day.slice(0, 7);
    case 'year':
      return day.slice(0, 4);
  }
}

/** The day that is so many editions later. */
export function moved(edition: Edition, day: string, by: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  if (edition === 'day' || edition === 'week') {
    return new Date(at.getTime() + by * (edition === 'day' ? 1 : 7) * DAY_MS).toISOString().slice(0, 10);
  }
  const months = at.getUTCFullYear() * 12 + at.getUTCMonth() + by * (edition === 'month' ? 1 : 12);
  return new Date(Date.UTC(Math.floor(months / 12), months % 12, 1)).toISOString().slice(0, 10);
}
