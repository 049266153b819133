import type { Cost } from '../../parts/costs.ts';
import { amountCells, measureOf, weekOf, type Amounts } from './measures.ts';

const cost: Cost = { usd: 3, reportedUsd: 1, computedUsd: 2, status: 'mixed', unpricedTokens: 0, complete: true };
const amounts = (fields: Partial<Amounts> = {}) =>
  ({ sessions: 1, messages: 2, totalTokens: 3_000, toolCalls: 4, toolErrors: 1, cost, ...fields }) as Amounts;

describe('amounts', () => {
  it('say in tables whether the cost lacks something', () => {
    const cells = amountCells(amounts({ cost: { ...cost, complete: false } }));
    expect(cells).toContainEqual({ value: 3, shown: '$3.00' });
    expect(cells).toContain('no');
  });

  it('of hours of the week are in their place, and other keys nowhere', () => {
    const groups = [
      { key: '1-09', ...amounts({ messages: 5 }) },
      { key: '7-23', ...amounts({ messages: 6 }) },
      { key: null, ...amounts({ messages: 7 }) },
    ];
    const { days, values } = weekOf(groups, ({ messages }) => messages);
    expect([days.length, values[0]![9], values[6]![23], values.flat().reduce((sum, value) => sum + value, 0)]).toEqual([
      7, 5, 6, 11,
    ]);
  });

  it('are tokens unless the address names another measure that exists', () => {
    expect([null, 'cost', 'toString', 'x'].map(measureOf)).toEqual(['tokens', 'cost', 'tokens', 'tokens']);
  });
});
