import fc from 'fast-check';
import { progressBar } from './progress.ts';

/** The output while `steps` are reported, each after its milliseconds. */
function shown(isTTY: boolean, steps: readonly (readonly [afterMs: number, done: number, total: number])[]): string[] {
  let time = 0;
  const written: string[] = [];
  const sink = { isTTY, write: (text: string) => written.push(text) };
  const progress = progressBar('Importing', 'events', { sink, now: () => time });
  for (const [afterMs, done, total] of steps) {
    time += afterMs;
    progress.update(done, total);
  }
  progress.stop();
  return written;
}

describe('progress', () => {
  it('is a line that is redrawn in place on a terminal', () => {
    expect(
      shown(true, [
        [0, 0, 1200],
        [1000, 300, 1200],
        [3000, 1200, 1200],
      ]),
    ).toEqual([
      '\r\x1b[KImporting ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 0% · 0 of 1,200 events · unknown time left',
      '\r\x1b[KImporting ████████░░░░░░░░░░░░░░░░░░░░░░ 25% · 300 of 1,200 events · 300/s · 3 s left',
      '\r\x1b[KImporting ██████████████████████████████ 100% · 1,200 of 1,200 events · 300/s',
      '\r\x1b[KImporting ██████████████████████████████ 100% · 1,200 of 1,200 events · 300/s',
      '\n',
    ]);
  });

  it('is an occasional line without a terminal, and nothing for short work', () => {
    expect(
      shown(false, [
        [0, 0, 0],
        [100, 0, 0],
      ]),
    ).toEqual([]);
    expect(
      shown(false, [
        [0, 0, 9000],
        [2000, 1000, 9000],
        [4000, 3000, 9000],
        [1000, 3500, 9000],
      ]),
    ).toEqual(['Importing 33% · 3,000 of 9,000 events · 500/s · 12 s left\n']);
  });

  it('counts in words that fit the total', () => {
    expect(shown(true, [[0, 0, 1]]).at(0)).toMatch(/ 0 of 1 event · unknown time left$/);
    expect(shown(true, [[0, 1, 1]]).at(0)).toMatch(/ 1 of 1 event$/);
    expect(shown(true, [[0, 0, 0]]).at(0)).toMatch(/ 0 of 0 events$/);
  });

  it('shows the current speed, not the average since the start', () => {
    const slower = shown(false, [
      [0, 0, 100_000],
      [1000, 50_000, 100_000],
      [10_000, 51_000, 100_000],
      [6000, 51_600, 100_000],
    ]);
    expect(slower.at(-1)).toBe('Importing 51% · 51,600 of 100,000 events · 100/s · 8 min left\n');
  });

  it('is readable for any numbers', () => {
    const count = fc.oneof(fc.constant(0), fc.nat(10), fc.nat());
    const steps = fc.array(fc.tuple(fc.oneof(fc.constant(0), fc.nat(100_000)), count, count), { minLength: 1 });
    fc.assert(
      fc.property(fc.boolean(), steps, (isTTY, all) => {
        const text = shown(isTTY, all).join('');
        expect(text).not.toMatch(/NaN|Infinity|NULL|undefined|-\d/);
        for (const [, percent] of text.matchAll(/ (\d+)%/g)) expect(Number(percent)).toBeLessThanOrEqual(100);
      }),
    );
  });
});
