import type { CostJson } from '@opensync/contracts';
import { hoursText, numberText, usdText } from './texts.ts';
import type { RankedName, WrappedSummary } from './summary.ts';

/** A summary as Markdown, for a chat or a journal. */
export function summaryText(summary: WrappedSummary): string {
  const { totals, comparison, streak, busiestHour, longestSessionMs } = summary;
  const change = comparison.change.totalTokens;
  const lines = [
    `# Wrapped ${summary.date}`,
    '',
    `${count(totals.sessions, 'session')}, ${count(totals.messages, 'message')}, ${count(totals.totalTokens, 'token')}, ${costText(totals.cost)}.`,
    '',
    '| | |',
    '|---|---|',
    `| Prompt tokens | ${numberText(totals.promptTokens)} |`,
    `| Completion tokens | ${numberText(totals.completionTokens)} |`,
    `| Read from the cache | ${numberText(totals.cacheReadTokens)} |`,
    `| Written to the cache | ${numberText(totals.cacheWriteTokens)} |`,
    `| Tool calls | ${numberText(totals.toolCalls)}, ${numberText(totals.toolErrors)} of them failed |`,
    `| Active days in a row | ${streak} |`,
    ...(busiestHour === null ? [] : [`| Busiest hour | ${String(busiestHour).padStart(2, '0')}:00 |`]),
    ...(longestSessionMs > 0 ? [`| Longest session | ${hoursText(longestSessionMs)} |`] : []),
    ...(change === null ? [] : [`| Tokens a day, compared with before | ${percentText(change)} |`]),
    ...names('Models', summary.models),
    ...names('Projects', summary.projects),
    ...names('Sources', summary.sources),
    ...list(
      'Tools',
      summary.tools.map(({ name, calls }) => `${inline(name)}: ${count(calls, 'call')}`),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

export function costText({ usd, status, complete }: CostJson): string {
  if (status === 'none') return 'no cost';
  if (status === 'unpriced') return 'cost unknown';
  const basis = { reported: 'reported', computed: 'computed from prices', mixed: 'partly computed from prices' }[
    status
  ];
  return `${complete ? '' : 'at least '}${usdText(usd)} (${basis})`;
}

export function percentText(change: number): string {
  return `${change < 0 ? '−' : '+'}${numberText(Math.round(Math.abs(change) * 100))} %`;
}

function names(title: string, ranked: readonly RankedName[]): string[] {
  return list(
    title,
    ranked.map(({ name, totalTokens, cost }) => `${inline(name)}: ${count(totalTokens, 'token')}, ${costText(cost)}`),
  );
}

function list(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines.map((line) => `- ${line}`)];
}

function count(amount: number, unit: string): string {
  return `${numberText(amount)} ${unit}${amount === 1 ? '' : 's'}`;
}

/** Names come from clients: as code, in which nothing is markup. */
function inline(name: string | null): string {
  if (name === null) return 'without a name';
  const text = name.replaceAll(/\s+/g, ' ').replaceAll('|', '¦');
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}
