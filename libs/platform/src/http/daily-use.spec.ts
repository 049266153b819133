import { DailyUse } from './daily-use.ts';

const DAY = 24 * 60 * 60_000;
const NOON = Date.parse('2026-11-30T12:00Z');

function exchange(from: DailyUse, to: DailyUse, name: string): void {
  for (const said of from.changes(2)) to.heard(name, said);
}

it('adds up what every process has counted, however often it is told', () => {
  const clock = { now: NOON };
  const [a, b] = [new DailyUse(() => clock.now), new DailyUse(() => clock.now)];
  a.of('wsp_1').add('requests', 3);
  a.of('wsp_1').add('bytes', 1000);
  b.of('wsp_1').add('requests', 2);
  const said = a.changes(1);
  expect(said).toHaveLength(3);
  for (const one of [...said, ...said.toReversed()]) b.heard('a', one);
  exchange(b, a, 'b');
  for (const use of [a, b]) {
    expect(use.of('wsp_1').used('requests')).toBe(5);
    expect(use.of('wsp_1').used('bytes')).toBe(1000);
    expect(use.of('wsp_2').used('requests')).toBe(0);
  }
  expect(a.changes(10)).toEqual([]);
});

it('begins at zero when a day of UTC begins', () => {
  const clock = { now: Date.parse('2026-11-30T23:59:58.500Z') };
  const use = new DailyUse(() => clock.now);
  use.of('wsp_1').add('events', 7);
  expect([use.day, use.resetSeconds, use.endsAt]).toEqual(['2026-11-30', 2, Date.parse('2026-12-01T00:00Z')]);
  const before = use.changes(10)[0]!;
  clock.now += 2000;
  expect([use.day, use.resetSeconds]).toEqual(['2026-12-01', 86_400]);
  use.heard('late', before);
  use.heard('minute', { window: Math.floor(clock.now / 60_000), counts: { 'events wsp_1': 9 } });
  expect(use.of('wsp_1').used('events')).toBe(0);
});

it('gives what it has counted to be stored, until it is, and the end of the day before as well', () => {
  const clock = { now: NOON };
  const use = new DailyUse(() => clock.now);
  expect(use.take(30)).toEqual([]);
  use.of('wsp_1').add('events', 7);
  const taken = use.take(30);
  const counts = { 'requests wsp_1': 0, 'events wsp_1': 7, 'bytes wsp_1': 0 };
  expect(taken).toEqual([{ day: '2026-11-30', pieces: [counts] }]);
  // It is still to be told to the others.
  expect(use.changes(10)[0]!.counts).toEqual(counts);
  use.take(30);
  expect(use.take(30)).toEqual([]);
  use.untaken(taken);
  clock.now += DAY;
  use.of('wsp_2').add('bytes', 1);
  expect(use.take(30)).toEqual([
    ...taken,
    { day: '2026-12-01', pieces: [{ 'requests wsp_2': 0, 'events wsp_2': 0, 'bytes wsp_2': 1 }] },
  ]);
  use.untaken(taken);
  expect(use.take(30)[0]).toEqual(taken[0]);
});

it('counts what was stored by a process that has ended', () => {
  const use = new DailyUse(() => NOON);
  use.heardOf('ended', '2026-11-30', { 'requests wsp_1': 4, 'nonsense wsp_1': 5 });
  use.heardOf('ended', '2026-11-29', { 'requests wsp_1': 100 });
  expect(use.of('wsp_1').used('requests')).toBe(4);
});
