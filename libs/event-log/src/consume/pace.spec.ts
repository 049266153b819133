import { Pace, secondsLeft } from './pace.ts';

describe('the pace of a consumer', () => {
  it('is what it finishes in the time in which it works', () => {
    const pace = new Pace();
    pace.done(100, 1_000, 1_000);
    expect(pace.perSecond(1_000)).toBeUndefined();
    // It waited in between.
    pace.done(300, 3_000, 60_000);
    expect(pace.perSecond(60_000)).toBe(100);
  });

  it('is not known from work that finished nothing, or that is long ago', () => {
    const pace = new Pace();
    pace.done(0, 10_000, 10_000);
    expect(pace.perSecond(10_000)).toBeUndefined();
    pace.done(10, 10_000, 20_000);
    expect(pace.perSecond(20_000)).toBe(0.5);
    expect(pace.perSecond(20_000 + 6 * 60_000)).toBeUndefined();
  });

  it('forgets no work of many short batches', () => {
    const pace = new Pace();
    for (let at = 0; at < 2_000; at++) pace.done(1, 10, at * 10);
    expect(pace.perSecond(20_000)).toBe(100);
  });
});

describe('the time that a backlog takes', () => {
  it('is that of all processes together', () => {
    expect(secondsLeft(600, [10, undefined, 50])).toBe(10);
    expect(secondsLeft(1, [50])).toBe(1);
  });

  it('is absent if no process knows its pace, and nothing without a backlog', () => {
    expect(secondsLeft(600, [undefined])).toBeUndefined();
    expect(secondsLeft(600, [])).toBeUndefined();
    expect(secondsLeft(0, [])).toBe(0);
  });
});
