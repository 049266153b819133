import type { FuzzReport } from './run.ts';

/** Limits by address would hide what is behind them. They have tests of their own. */
export const FUZZ_SETTINGS = {
  OPENSYNC_WRONG_KEY_LIMIT: '0',
  OPENSYNC_KEYLESS_LIMIT: '0',
  LOG_LEVEL: 'info',
} as const;

/** The result for a person: how many answers of each status, and each failure with a command that repeats it. */
export function summaryOf(
  { sent, failures, byRoute, byKind, peakMiB }: FuzzReport,
  { seconds, seed, requests }: { seconds: number; seed: number; requests: number },
): string {
  const lines = [
    `${sent} requests in ${Math.round(seconds)} s (${Math.round(sent / seconds)}/s), at most ${peakMiB} MiB, ${failures.length} failures`,
    ...tableOf('Kind', byKind),
    ...tableOf('Route', byRoute),
  ];
  if (failures.length === 0) return lines.join('\n');
  lines.push('', 'To repeat a request, set URL to a running product and KEY to a key of it:');
  failures.forEach(({ problems, commands }, at) =>
    lines.push('', `${at + 1}. ${problems.join('; ')}`, ...commands.map((command) => `   ${command}`)),
  );
  lines.push('', `To repeat the run: npm run test:security -- --seed ${seed} --requests ${requests}`);
  return lines.join('\n');
}

function tableOf(title: string, counts: ReadonlyMap<string, ReadonlyMap<number, number>>): string[] {
  const width = Math.max(title.length, ...[...counts.keys()].map((name) => name.length));
  const rows = [...counts]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, statuses]) => {
      const shown = [...statuses]
        .toSorted(([a], [b]) => a - b)
        .map(([status, count]) => `${status || 'raw'}: ${count}`);
      return `  ${name.padEnd(width)}  ${shown.join(', ')}`;
    });
  return ['', `  ${title.padEnd(width)}  Answers by status`, ...rows];
}
