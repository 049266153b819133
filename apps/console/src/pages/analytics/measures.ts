import type { Answer } from '../../api/client.ts';
import { dollars, short } from '../../parts/numbers.ts';

export type Analytics = Answer<'/api/analytics'>;
export type Amounts = Omit<Analytics['groups'][number], 'key'>;

/** What charts can show. */
export const MEASURES = {
  tokens: { title: 'Tokens', of: ({ totalTokens }: Amounts) => totalTokens, format: short },
  cost: { title: 'Cost', of: ({ cost }: Amounts) => cost.usd, format: dollars },
  messages: { title: 'Messages', of: ({ messages }: Amounts) => messages, format: short },
  sessions: { title: 'Sessions', of: ({ sessions }: Amounts) => sessions, format: short },
  tools: { title: 'Tool calls', of: ({ toolCalls }: Amounts) => toolCalls, format: short },
} as const;
export type MeasureName = keyof typeof MEASURES;

export function measureOf(name: string | null): MeasureName {
  return name !== null && Object.hasOwn(MEASURES, name) ? (name as MeasureName) : 'tokens';
}

/** The columns that every table of amounts has. */
export const AMOUNT_COLUMNS = [
  'Sessions',
  'Messages',
  'Tokens',
  'Cost in $',
  'Cost is complete',
  'Tool calls',
  'Tool errors',
];

export function amountCells(amounts: Amounts) {
  const number = (value: number, shown = value.toLocaleString('en')) => ({ value, shown });
  return [
    number(amounts.sessions),
    number(amounts.messages),
    number(amounts.totalTokens),
    number(amounts.cost.usd, dollars(amounts.cost.usd)),
    amounts.cost.complete ? 'yes' : 'no',
    number(amounts.toolCalls),
    number(amounts.toolErrors),
  ];
}

const WEEK = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** The 168 hours of `groupBy=hour` by day of the week. */
export function weekOf(groups: Analytics['groups'], of: (amounts: Amounts) => number) {
  const values = WEEK.map(() => Array.from({ length: 24 }, () => 0));
  for (const { key, ...amounts } of groups) {
    const [, day, hour] = /^([1-7])-(\d\d)$/.exec(key ?? '') ?? [];
    if (day !== undefined && hour !== undefined) values[Number(day) - 1]![Number(hour)] = of(amounts);
  }
  return { days: WEEK, values };
}
