import fc from 'fast-check';
import { FIRST_RECORD, generationRecordSchema, type GenerationRecord } from './records.ts';
import {
  announced,
  beat,
  begin,
  beginFill,
  checkpoint,
  confirm,
  endFill,
  endInterruptedSwitch,
  finish,
  follow,
  forget,
  LeaseLostError,
  release,
  restored,
  switchOver,
  takeLease,
  takeOver,
} from './transitions.ts';

/** Workers' actions in any order, with or without the lease. */
type Step = { readonly worker: string } & (
  | { readonly kind: 'take' | 'beat' | 'release' | 'prepare' | 'save' | 'switch' | 'finish' }
  | { readonly kind: 'begin'; readonly restart: boolean; readonly inUse: readonly number[] }
  | { readonly kind: 'forget' }
);

const worker = fc.constantFrom('ada', 'bob', 'cyn');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    worker,
    kind: fc.constantFrom('take', 'beat', 'release', 'prepare', 'save', 'switch', 'finish', 'forget'),
  }),
  fc.record({
    worker,
    kind: fc.constant('begin' as const),
    restart: fc.boolean(),
    inUse: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
  }),
);

/** The generation that each worker believes it is filling. */
type Beliefs = Map<string, number>;

function apply(record: GenerationRecord, step: Step, beliefs: Beliefs): GenerationRecord {
  const { worker: by } = step;
  const generation = beliefs.get(by) ?? 1;
  switch (step.kind) {
    case 'take':
      return takeLease(record, by);
    case 'beat':
      return beat(record, by);
    case 'release':
      return release(record, by);
    case 'begin':
      return begin(record, by, step);
    case 'prepare':
      return checkpoint(record, by, { generation, position: 0 });
    case 'save':
      return checkpoint(record, by, { generation, position: { after: 'something' } });
    case 'switch':
      return switchOver(record, by);
    case 'finish':
      return finish(record, by, { isFilled: true });
    case 'forget':
      return forget(record, record.kept);
  }
}

const ended = { isFilled: true };

const BY_ANYBODY: readonly Step['kind'][] = ['take', 'forget'];

describe('the record of an index, whatever its workers do,', () => {
  it('is changed only by the worker with the lease, and never goes back or reuses a number', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let record: GenerationRecord = FIRST_RECORD;
        const beliefs: Beliefs = new Map();
        const begun = new Set<number>();
        for (const next of steps) {
          const before = record;
          try {
            record = apply(record, next, beliefs);
          } catch (error) {
            expect(error).toBeInstanceOf(LeaseLostError);
            expect([before.lease?.worker, before.rebuild?.run]).not.toEqual([next.worker, next.worker]);
            continue;
          }
          expect(generationRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
          expect(record.live).toBeGreaterThanOrEqual(before.live);
          expect(record.kept).not.toContain(record.live);
          if (record.live !== before.live) expect(record.kept).toContain(before.live);
          if (record !== before && !BY_ANYBODY.includes(next.kind)) {
            // Its own last steps are left to a worker that has switched to its generation.
            const isItsOwn = next.kind === 'finish' && before.rebuild?.run === next.worker;
            expect(before.lease?.worker === next.worker || isItsOwn).toBe(true);
          }
          if (next.kind !== 'begin' || record === before) continue;
          const { generation, position } = record.rebuild!;
          if (position === null) {
            expect(begun).not.toContain(generation);
            expect(generation).toBeGreaterThan(record.live);
          } else expect(before.rebuild).toMatchObject({ generation, position });
          expect(next.inUse).not.toContain(generation);
          begun.add(generation);
          beliefs.set(next.worker, generation);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never gives an unprepared generation to another worker, because its worker may be about to remove it', () => {
    const mine = begin(takeLease(FIRST_RECORD, 'ada'), 'ada', { restart: false, inUse: [] });
    const taken = begin(takeLease(mine, 'bob'), 'bob', { restart: false, inUse: [] });
    expect(taken).toMatchObject({ live: 1, kept: [2], rebuild: { generation: 3, run: 'bob' } });
    const prepared = checkpoint(mine, 'ada', { generation: 2, position: 0 });
    const resumed = begin(takeLease(prepared, 'bob'), 'bob', { restart: false, inUse: [] });
    expect(resumed).toMatchObject({ live: 1, kept: [], rebuild: { generation: 2, position: 0, run: 'bob' } });
  });

  it('accepts nothing from a worker that has lost its lease, except the end of its completed switch', () => {
    const working = checkpoint(begin(takeLease(FIRST_RECORD, 'ada'), 'ada', { restart: false, inUse: [] }), 'ada', {
      ...{ generation: 2, position: 0 },
    });
    const switched = switchOver(working, 'ada');
    const next = begin(takeLease(switched, 'bob'), 'bob', { restart: false, inUse: [] });
    expect(next.rebuild).toMatchObject({ generation: 3 });
    expect(checkpoint(next, 'ada', { generation: 2, position: 1 })).toBe(next);
    expect(finish(next, 'ada', { isFilled: true })).toBe(next);
    expect(beat(next, 'ada')).toBe(next);
    expect(release(next, 'ada')).toBe(next);
    expect(() => switchOver(next, 'ada')).toThrow(LeaseLostError);
    expect(() => checkpoint(next, 'ada', { generation: 3, position: 1 })).toThrow(LeaseLostError);
  });

  it('works with the record of an earlier version, and loses at most its lease to one that runs at the same time', () => {
    const former = { live: 3, kept: [1], rebuild: { generation: 4, position: 7, run: 'former' } };
    const resumed = begin(takeLease(generationRecordSchema.parse(former), 'ada'), 'ada', {
      restart: false,
      inUse: [3],
    });
    expect(resumed).toMatchObject({ live: 3, kept: [1], rebuild: { generation: 4, position: 7, run: 'ada' } });
    // An earlier version writes back the fields that it knows.
    const { live, kept, rebuild } = resumed;
    expect(() => switchOver({ live, kept, rebuild }, 'ada')).toThrow(LeaseLostError);
  });

  it('counts every known number as used after it was lost', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 })), fc.integer({ min: 1, max: 9 }), (kept, live) => {
        const known = { live, kept: [...new Set(kept)].filter((one) => one !== live), given: 9 };
        const record = restored(known, { live: 1, kept: [], rebuild: { generation: 12, position: null, run: 'ada' } });
        expect(record.live).toBe(live);
        expect(begin(takeLease(record, 'bob'), 'bob', { restart: false, inUse: [] }).rebuild!.generation).toBe(13);
      }),
    );
  });

  it('has everything announced until the last fill has ended, whatever order its workers report in', () => {
    const token = fc.constantFrom('a', 'b', 'c');
    const said = fc.oneof(
      fc.record({ kind: fc.constant('begin' as const), token }),
      fc.record({ kind: fc.constant('announce' as const), token, sequence: fc.nat(9) }),
      fc.record({ kind: fc.constant('end' as const), token }),
      fc.record({ kind: fc.constant('missed' as const), token, feed: fc.constantFrom('1', '2') }),
      fc.record({ kind: fc.constant('model' as const), token, model: fc.constantFrom('small', 'large') }),
    );
    fc.assert(
      fc.property(fc.array(said, { maxLength: 30 }), (all) => {
        let record = takeLease({ ...FIRST_RECORD, model: 'small', feed: '1', position: { sequence: 4 } }, 'ada');
        let open: string | undefined;
        for (const one of all) {
          const before = record;
          if (one.kind === 'begin') [record, open] = [beginFill(record, one.token), one.token];
          if (one.kind === 'announce') record = announced(record, 'ada', one.token, one.sequence);
          if (one.kind === 'end') {
            record = endFill(record, one.token);
            if (open === one.token) open = undefined;
          }
          if (one.kind === 'missed') {
            record = follow(record, one.feed, true, one.token);
            if (before.feed !== one.feed) open = one.token;
          }
          if (one.kind === 'model') {
            record = takeOver(record, one.model, { before: undefined, mayLack: false, token: one.token });
            if (before.model !== one.model) {
              open = one.token;
              expect(record.position).toBeUndefined();
            }
          }
          expect(record.fill?.token).toBe(open);
          const wasBegun = before.fill?.token === open;
          if (record.fill?.announced !== undefined) expect(wasBegun).toBe(true);
        }
        expect(() => announced(record, 'bob', 'a', 1)).toThrow(LeaseLostError);
      }),
    );
  });

  it('ends the fill that was open when a rebuild began, but not a later one', () => {
    const begun = begin(takeLease({ ...FIRST_RECORD, fill: { token: 'before' } }, 'ada'), 'ada', {
      ...{ restart: false, inUse: [] },
    });
    const switched = switchOver(begun, 'ada');
    expect(finish(switched, 'ada', ended).fill).toBeUndefined();
    expect(finish(beginFill(switched, 'since'), 'ada', ended).fill).toEqual({ token: 'since' });
    // A generation that was made live empty, in place of a damaged one.
    expect(finish(switched, 'ada', { isFilled: false }).fill).toEqual({ token: 'before' });
  });

  it.each([
    ['no fill was open', undefined],
    ['another fill was open', { token: 'before' }],
  ])('keeps a fill that began while a rebuild was interrupted, whose walk began when %s', (_what, fill) => {
    const interrupted = release(
      checkpoint(
        begin(takeLease({ ...FIRST_RECORD, ...(fill && { fill }) }, 'ada'), 'ada', { restart: false, inUse: [] }),
        'ada',
        { generation: 2, position: { after: 'half' } },
      ),
      'ada',
    );
    const resumed = begin(takeLease(beginFill(interrupted, 'since'), 'bob'), 'bob', { restart: false, inUse: [] });
    expect(resumed.rebuild).toMatchObject({ generation: 2, position: { after: 'half' }, run: 'bob' });
    const finished = finish(switchOver(resumed, 'bob'), 'bob', { isFilled: true });
    expect(finished).toMatchObject({ live: 2, fill: { token: 'since' } });
    expect(finished.rebuild).toBeUndefined();
  });

  it('never continues a rebuild, nor switches to its generation, after another model took over', () => {
    const position = fc.option(fc.integer({ min: 0, max: 9 }), { nil: null });
    const isHeld = fc.boolean();
    const isSwitched = fc.boolean();
    fc.assert(
      fc.property(position, isHeld, isSwitched, (at, held, switched) => {
        const small = { ...FIRST_RECORD, model: 'small' };
        let working = begin(takeLease(small, 'ada'), 'ada', { restart: false, inUse: [] });
        if (at !== null) working = checkpoint(working, 'ada', { generation: 2, position: at });
        if (switched) working = switchOver(working, 'ada');
        const before = held ? working : release(working, 'ada');
        const taken = takeOver(before, 'large', { before: undefined, mayLack: false, token: 'of large' });
        expect(taken.rebuild).toBeUndefined();
        expect(taken).toMatchObject({ live: before.live, kept: [switched ? 1 : 2], fill: { token: 'of large' } });
        // The worker that filled it changes nothing any more, although it may still have the lease.
        expect(() => switchOver(taken, 'ada')).toThrow(LeaseLostError);
        if (!switched) {
          expect(() => checkpoint(taken, 'ada', { generation: 2, position: 3 })).toThrow(LeaseLostError);
        }
        expect(finish(taken, 'ada', ended)).toBe(taken);
        const next = begin(takeLease(taken, 'bob'), 'bob', { restart: false, inUse: [] });
        expect(next.rebuild).toMatchObject({ generation: 3, position: null });
      }),
    );
  });

  it('continues a rebuild if the same model is recorded once more', () => {
    const { model: _none, ...working } = checkpoint(
      begin(takeLease({ ...FIRST_RECORD, model: 'small' }, 'ada'), 'ada', { restart: false, inUse: [] }),
      'ada',
      { generation: 2, position: 1 },
    );
    const again = takeOver(working, 'small', { before: 'small', mayLack: true, token: 'none' });
    expect(again).toEqual({ ...working, model: 'small' });
  });

  it('is filled after a rebuild was interrupted between its switch and its end, but not otherwise', () => {
    const begun = begin(takeLease(FIRST_RECORD, 'ada'), 'ada', { restart: false, inUse: [] });
    const switched = switchOver(begun, 'ada');
    const repaired = endInterruptedSwitch(switched, 'token');
    expect(repaired).toMatchObject({ live: 2, kept: [1], fill: { token: 'token' } });
    expect(repaired.rebuild).toBeUndefined();
    // Its worker does not end the fill if it comes back.
    expect(finish(repaired, 'ada', ended)).toBe(repaired);
    for (const other of [begun, finish(switched, 'ada', ended), repaired]) {
      expect(endInterruptedSwitch(other, 'another')).toBe(other);
    }
  });

  it('has only the position of the live generation', () => {
    const confirmed = confirm(FIRST_RECORD, 1, { sequence: 5 });
    expect(confirmed.position).toEqual({ sequence: 5 });
    expect(confirm(confirmed, 1, { sequence: 5 })).toBe(confirmed);
    expect(confirm(confirmed, 2, { sequence: 9 })).toBe(confirmed);
    const switched = switchOver(begin(takeLease(confirmed, 'ada'), 'ada', { restart: false, inUse: [] }), 'ada');
    expect(switched.position).toBeUndefined();
    expect(confirm(switched, 1, { sequence: 9 })).toBe(switched);
    // Repeating a change whose answer was lost keeps what was confirmed since.
    const since = confirm(switched, 2, { sequence: 6 });
    expect(switchOver(since, 'ada')).toBe(since);
  });
});
