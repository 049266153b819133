import {
  alive,
  CATCH_UP_MS,
  ended,
  enrolled,
  lateSeconds,
  paused,
  requested,
  resumed,
  stateOf,
  taken,
  type JobRecord,
} from './record.ts';
import { timetable } from './timetable.ts';

const HOUR = 60 * 60_000;
const NOON = Date.parse('2026-11-29T12:00Z');
const times = timetable('0 * * * *', 'UTC');
const job = { schedule: '0 * * * *', timeZone: 'UTC' };
const enrol = (now: number) => enrolled(undefined, job, { times, now });
const take = (record: JobRecord, now: number, worker = 'a', isAbandoned = false) =>
  taken(record, { worker, now, times, isAbandoned });
const run = (record: JobRecord, now: number, outcome: 'ok' | 'failed' = 'ok') =>
  ended(take(record, now)!, 'a', { now: now + 1000, outcome, note: 'done' })!;

describe('the record of a job', () => {
  it('begins with the next planned time, so that a new job has missed nothing', () => {
    expect(enrol(NOON + 1)).toMatchObject({ nextAt: NOON + HOUR });
    expect(take(enrol(NOON + 1), NOON + HOUR - 1)).toBeUndefined();
  });

  it('gives a planned time to one worker', () => {
    const first = take(enrol(NOON), NOON + HOUR, 'a')!;
    expect(first.run).toMatchObject({ worker: 'a', plannedAt: NOON + HOUR, attempt: 1 });
    expect(take(first, NOON + HOUR, 'b')).toBeUndefined();
    const after = ended(first, 'a', { now: NOON + HOUR + 5, outcome: 'ok', note: 'done' })!;
    expect(take(after, NOON + HOUR + 5, 'b')).toBeUndefined();
    expect(stateOf(after)).toBe('waiting');
  });

  it('makes up for what was missed with one run, which knows since when', () => {
    const done = run(enrol(NOON), NOON + HOUR);
    const late = take(done, NOON + 5.5 * HOUR)!;
    expect(late.run).toMatchObject({ plannedAt: NOON + 5 * HOUR, since: NOON + HOUR, missed: 3 });
    expect(late.nextAt).toBe(NOON + 6 * HOUR);
    const years = take(done, NOON + 3 * 365 * 24 * HOUR)!.run;
    expect(years.since).toBe(NOON + 3 * 365 * 24 * HOUR - CATCH_UP_MS);
  });

  it('gives the run of a dead worker to another one, and refuses the end of the former', () => {
    const first = take(enrol(NOON), NOON + HOUR, 'a')!;
    const second = take(first, NOON + HOUR + 60_000, 'b', true)!;
    expect(second.run).toMatchObject({ worker: 'b', plannedAt: NOON + HOUR, attempt: 2 });
    expect(ended(second, 'a', { now: NOON + 2 * HOUR, outcome: 'ok', note: '' })).toBeUndefined();
    expect(alive(second, 'a')).toBeUndefined();
    expect(alive(second, 'b')!.run!.beat).toBe(1);
  });

  it('tries again after a failure, each time after a longer pause, and covers the same time', () => {
    let record = run(enrol(NOON), NOON + HOUR, 'failed');
    expect(stateOf(record)).toBe('failing');
    expect(take(record, record.retryAt! - 1)).toBeUndefined();
    const first = record.retryAt! - record.last!.endedAt;
    const again = take(record, record.retryAt!)!;
    expect(again.run).toMatchObject({ plannedAt: NOON + HOUR, attempt: 2 });
    record = ended(again, 'a', { now: record.retryAt!, outcome: 'failed', note: 'x'.repeat(10_000) })!;
    expect(record.retryAt! - record.last!.endedAt).toBeGreaterThan(first);
    expect(record.last!.note.length).toBeLessThan(1000);
    expect(run(record, record.retryAt!)).toMatchObject({ failures: 0, done: NOON + HOUR });
  });

  it('does not start a paused job, unless an operator asks for it; a pause is not made up for', () => {
    const stopped = paused(enrol(NOON), NOON + 1);
    expect(take(stopped, NOON + 5 * HOUR)).toBeUndefined();
    expect(take(requested(stopped, NOON + 5), NOON + 6)!.run).toMatchObject({ plannedAt: NOON + 5 });
    const on = resumed(stopped, { times, now: NOON + 5 * HOUR + 1 });
    expect(take(on, NOON + 5 * HOUR + 2)).toBeUndefined();
    expect(on.nextAt).toBe(NOON + 6 * HOUR);
  });

  it('runs once more if it is asked for during a run', () => {
    const first = requested(take(enrol(NOON), NOON + HOUR)!, NOON + HOUR + 1);
    const after = ended(first, 'a', { now: NOON + HOUR + 2, outcome: 'ok', note: '' })!;
    expect(take(after, NOON + HOUR + 3)!.run.plannedAt).toBe(NOON + HOUR + 1);
  });

  it('follows another schedule from now on', () => {
    const daily = timetable('0 3 * * *', 'UTC');
    const changed = enrolled(enrol(NOON), { ...job, schedule: '0 3 * * *' }, { times: daily, now: NOON });
    expect(changed.nextAt).toBe(Date.parse('2026-11-30T03:00Z'));
  });

  it('is late from the first planned time that no run has completed', () => {
    const record = enrol(NOON);
    expect(lateSeconds(record, NOON + HOUR)).toBe(0);
    expect(lateSeconds(record, NOON + 2 * HOUR)).toBe(3600);
    expect(lateSeconds(take(record, NOON + HOUR)!, NOON + HOUR + 60_000)).toBe(60);
    expect(lateSeconds(run(record, NOON + HOUR, 'failed'), NOON + 1.5 * HOUR)).toBe(1800);
    expect(lateSeconds(run(record, NOON + HOUR), NOON + 1.5 * HOUR)).toBe(0);
    expect(lateSeconds(paused(record, NOON), NOON + 9 * HOUR)).toBe(0);
  });
});
