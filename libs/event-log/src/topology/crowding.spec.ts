import { consumersOf, crowdingProblem } from './crowding.ts';

const stream = (name: string, consumers: number, limit = -1) =>
  consumersOf({ config: { name, max_consumers: limit }, state: { consumer_count: consumers } } as Parameters<
    typeof consumersOf
  >[0]);

describe('a stream that runs out of consumers', () => {
  it.each([
    [[], undefined],
    [[stream('EVENTS', 799), stream('CHANGES', 7, 10)], undefined],
    [[stream('EVENTS', 3), stream('KV_x', 800)], 'streams run out of consumers: KV_x has 800 of at most 1000'],
    [
      [stream('A', 8, 10), stream('B', 1000)],
      'streams run out of consumers: A has 8 of at most 10, B has 1000 of at most 1000',
    ],
  ])('is reported before it happens', (streams, expected) => {
    expect(crowdingProblem(streams)).toBe(expected);
  });
});
