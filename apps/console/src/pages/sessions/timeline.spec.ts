import type { Session } from '../../api/types.ts';
import { lanesOf } from './timeline.ts';

const session = (id: string, projectName: string | null, first: number, last: number) =>
  ({
    id,
    projectName,
    projectPath: null,
    firstActivityAt: first,
    lastActivityAt: last,
    createdAt: first,
    updatedAt: last,
  }) as Session;

it('puts sessions of a project on one lane, side by side if they overlap, the busiest lately first', () => {
  const { lanes, from, to } = lanesOf([
    session('a', 'old', 0, 10),
    session('b', 'new', 50, 100),
    session('c', 'new', 60, 70),
    session('d', 'new', 20, 40),
  ]);
  expect([from, to]).toEqual([0, 100]);
  expect(lanes.map(({ project, tracks }) => [project, tracks])).toEqual([
    ['new', 2],
    ['old', 1],
  ]);
  const [{ bars, trackOf }] = lanes as [(typeof lanes)[0]];
  expect(bars.map((bar) => [bar.session.id, bar.from, bar.to, trackOf.get(bar.session.id)])).toEqual([
    ['d', 0.2, 0.4, 0],
    ['b', 0.5, 1, 0],
    ['c', 0.6, 0.7, 1],
  ]);
});

it('shows a session of one moment', () => {
  const { lanes } = lanesOf([session('a', null, 5, 5)]);
  expect(lanes[0]).toMatchObject({ project: 'No project', tracks: 1 });
});
