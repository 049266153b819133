import { RequestRates } from './request-rates.ts';

const BEGIN = 60_000 * 1000;

function at(clock: { now: number }): RequestRates {
  return new RequestRates(() => clock.now);
}
/** As over the network, in both directions. */
function exchange(a: RequestRates, b: RequestRates): void {
  const [fromA, fromB] = [a.changes(2), b.changes(2)];
  for (const said of fromA) b.heard('a', said);
  for (const said of fromB) a.heard('b', said);
}

describe('the rates of requests', () => {
  it('count by key and class, and begin again each minute', () => {
    const clock = { now: BEGIN + 15_500 };
    const rates = at(clock);
    expect(rates.take('ingest', 'key_a')).toEqual({ used: 1, resetSeconds: 45 });
    expect(rates.take('ingest', 'key_a').used).toBe(2);
    expect(rates.take('read', 'key_a').used).toBe(1);
    expect(rates.take('ingest', 'key_b').used).toBe(1);
    clock.now = BEGIN + 60_000;
    expect(rates.take('ingest', 'key_a')).toEqual({ used: 1, resetSeconds: 60 });
  });

  it('include what other processes have counted, however often and in whatever order they say it', () => {
    const clock = { now: BEGIN };
    const [a, b] = [at(clock), at(clock)];
    for (let count = 0; count < 5; count++) a.take('ingest', 'key');
    for (let count = 0; count < 3; count++) b.take('ingest', 'key');
    for (const key of ['x', 'y', 'z']) b.take('ingest', key);
    exchange(a, b);
    expect(a.take('ingest', 'key').used).toBe(9);
    expect(b.take('ingest', 'key').used).toBe(9);
    expect(a.take('ingest', 'z').used).toBe(2);
    const window = BEGIN / 60_000;
    for (const count of [2, 4, 4, 3]) a.heard('b', { window, counts: { 'ingest key': count } });
    expect(a.take('ingest', 'key').used).toBe(7 + 4);
  });

  it('say only what has changed', () => {
    const rates = at({ now: BEGIN });
    rates.take('read', 'key');
    expect(rates.changes(10)).toEqual([{ window: BEGIN / 60_000, counts: { 'read key': 1 } }]);
    expect(rates.changes(10)).toEqual([]);
  });

  it('ignore other minutes, of processes whose clocks are wrong', () => {
    const rates = at({ now: BEGIN });
    rates.heard('b', { window: BEGIN / 60_000 - 1, counts: { 'ingest key': 100 } });
    rates.heard('b', { window: BEGIN / 60_000 + 1, counts: { 'ingest key': 100 } });
    expect(rates.take('ingest', 'key').used).toBe(1);
  });

  it('hold no more than fits, whatever many keys are used', () => {
    const rates = at({ now: BEGIN });
    for (let key = 0; key < 120_000; key++) rates.take('ingest', `key_${key}`);
    expect(rates.changes(1_000_000)[0]!.window).toBe(BEGIN / 60_000);
    expect(rates.take('ingest', 'key_0').used).toBe(1);
  });
});
