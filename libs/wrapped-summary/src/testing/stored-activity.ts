import {
  addAmount,
  containing,
  FigureSum,
  type AmountName,
  type Figures,
  type Level,
  type Period,
} from '@opensync/contracts';
import type { FigureReads } from '../read-quarters.ts';

/** What happened in a quarter of an hour. */
export interface Activity {
  readonly quarter: number;
  readonly amounts: Partial<Record<AmountName, number>>;
  readonly model?: string;
  readonly project?: string;
  readonly tool?: string;
  readonly durationMs?: number;
}

/** Figures over these activities, with the levels that the stores have. */
export function storedActivity(activities: readonly Activity[]): FigureReads {
  const sums = new Map<Level, Map<number, FigureSum>>();
  const sumOf = ({ level, number }: Period) => {
    if (!sums.has(level)) sums.set(level, new Map());
    const ofLevel = sums.get(level)!;
    if (!ofLevel.has(number)) ofLevel.set(number, new FigureSum());
    return ofLevel.get(number)!;
  };
  for (const activity of activities) {
    const { quarter } = activity;
    const own = figuresOf(activity);
    for (let period: Period | undefined = { level: 'quarter', number: quarter }; period; period = containing(period)) {
      sumOf(period).add(own, period.level === 'day' ? quarter : undefined);
    }
  }
  return {
    figures: async ({ scopes: [scope], ranges }) =>
      ranges.flatMap(({ level, from, to }) =>
        [...(sums.get(level) ?? [])]
          .filter(([number]) => number >= from && number < to)
          .map(([number, sum]) => ({ scope: scope!, level, number, figures: sum.figures() })),
      ),
  };
}

function figuresOf({ amounts, model = 'opus', project = 'api', tool, durationMs }: Activity): Figures {
  const sum = new FigureSum();
  const named = [sum.totals, sum.named('models', model), sum.named('projects', project), sum.named('sources', 'codex')];
  for (const [name, amount] of Object.entries(amounts)) {
    for (const of of named) addAmount(of, name as AmountName, amount);
  }
  if (tool !== undefined) addAmount(sum.named('tools', tool), 'toolCalls', amounts.toolCalls ?? 0);
  if (durationMs !== undefined) sum.addSession(durationMs, amounts.messages ?? 0);
  return sum.figures();
}
