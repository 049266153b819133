import type { Stats } from './port.ts';

/** Totals over the sessions of one source and model. */
export type StatsGroup = Omit<Stats, 'messages' | 'bySource' | 'byModel'> & {
  readonly source: string;
  readonly model: string | null;
};

/** Totals from those of every source and model, and the count of messages. */
export function statsOf(groups: readonly StatsGroup[], messages: number): Stats {
  const sum = (amount: (group: StatsGroup) => number) => groups.reduce((total, group) => total + amount(group), 0);
  return {
    sessions: sum((group) => group.sessions),
    messages,
    promptTokens: sum((group) => group.promptTokens),
    completionTokens: sum((group) => group.completionTokens),
    cacheReadTokens: sum((group) => group.cacheReadTokens),
    cacheWriteTokens: sum((group) => group.cacheWriteTokens),
    reasoningTokens: sum((group) => group.reasoningTokens),
    totalTokens: sum((group) => group.totalTokens),
    cost: sum((group) => group.cost),
    durationMs: sum((group) => group.durationMs),
    bySource: sessionsBy(groups, ({ source }) => source),
    byModel: sessionsBy(groups, ({ model }) => model),
  };
}

/** Sessions by name; sessions without one are left out. */
function sessionsBy(groups: readonly StatsGroup[], nameOf: (group: StatsGroup) => string | null) {
  const counts = new Map<string, number>();
  for (const group of groups) {
    const name = nameOf(group);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + group.sessions);
  }
  // From entries, since a model may be called __proto__.
  return Object.fromEntries(counts);
}
