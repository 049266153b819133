import { DatabaseSync } from 'node:sqlite';
import { monotonicMs } from '../monotonic.ts';
import type { Connection } from './serve.ts';
import { assertInTime, inTimeAt, untilTime } from './in-time.ts';

const endlessRows = (number: string) =>
  `WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n WHERE ${inTimeAt(number)}`;

describe('untilTime', () => {
  const database = new DatabaseSync(':memory:');
  const connection = { database } as unknown as Connection;
  afterAll(() => database.close());
  const count = (rows: number) => () =>
    database
      .prepare(`SELECT count(*) AS rows FROM (SELECT 1 FROM json_each(?) WHERE ${inTimeAt('key')})`)
      .get(JSON.stringify(Array.from({ length: rows }, () => 0)));

  it.each([
    ['consecutive rows', 'x'],
    ['one row of each session', '((x << 20) + 3)'],
  ])('ends a statement that would never end, over %s', (_, number) => {
    const endless = () => database.prepare(endlessRows(number)).get();
    expect(() => untilTime(connection, monotonicMs() + 50, endless)).toThrow('the time of the search is up');
    // The connection is as good as before.
    expect(untilTime(connection, monotonicMs() + 60_000, count(1_000))).toEqual({ rows: 1_000 });
  });

  it('does not begin a read whose time is up', () => {
    let isRun = false;
    expect(() => untilTime(connection, monotonicMs() - 1, () => (isRun = true))).toThrow(
      'the time of the search is up',
    );
    expect(isRun).toBe(false);
  });

  it('leaves a read alone that has no time, also after one that had', () => {
    expect(() => untilTime(connection, monotonicMs() - 1, count(1))).toThrow();
    expect(untilTime(connection, undefined, count(1_000))).toEqual({ rows: 1_000 });
    expect(() => assertInTime(connection)).not.toThrow();
  });
});
