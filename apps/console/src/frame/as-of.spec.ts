import { lateIn, stateOf, type Projected } from './as-of.ts';

const of = (name: Projected['name'], state: Projected['state'], lagMs = 0, isRebuilding = false): Projected => ({
  ...{ name, state, lagMs, isRebuilding },
});

it('says in few words what is late, and nothing if nothing is', () => {
  expect(lateIn([of('documents', 'current'), of('search', 'current'), of('vectors', 'current')])).toBeUndefined();
  expect(lateIn([])).toBeUndefined();
  expect(lateIn([of('documents', 'current'), of('search', 'behind', 12_000), of('vectors', 'partial')])).toBe(
    'Search 12 s behind, Search by meaning incomplete',
  );
});

it('says once what is the same for all', () => {
  const all = (state: Projected['state'], ...lags: number[]) =>
    lateIn((['documents', 'search', 'vectors'] as const).map((name, at) => of(name, state, lags[at])));
  expect(all('behind', 90_000, 90_000, 95_000)).toBe('1 min 35 s behind');
  expect(all('stopped')).toBe('Everything stopped');
});

it('says how far each is', () => {
  expect(stateOf(of('documents', 'current', 500))).toBe('up to date');
  expect(stateOf(of('search', 'behind', 61_000, true))).toBe('1 min 1 s behind; being rebuilt');
  expect(stateOf(of('vectors', 'partial'))).toBe('incomplete: older sessions are being added');
  expect(stateOf(of('vectors', 'stopped', 5_000))).toBe('stopped, 5 s behind');
  expect(stateOf({ ...of('vectors', 'behind', 61_000), secondsLeft: 240 })).toBe(
    '1 min 1 s behind; about 4 min 0 s left',
  );
  expect(stateOf({ ...of('vectors', 'current'), secondsLeft: 1 })).toBe('up to date');
});
