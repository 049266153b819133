import fc from 'fast-check';
import { latest, positive, setFields, type Ranks, type Registers } from './register.ts';

interface Fields {
  title?: string;
  tokens?: number;
}
const RANKS: Ranks<Fields> = { title: (title) => (title.startsWith('-') ? 0 : 1), tokens: positive };
const PERSON = 2;
const nothing: Registers<Fields> = { fields: {}, sequences: {} };

interface Write {
  readonly fields: Fields;
  readonly rank?: number | undefined;
}
const write: fc.Arbitrary<Write> = fc.record({
  fields: fc.record(
    { title: fc.constantFrom('-a', '-b', 'c', 'd'), tokens: fc.constantFrom(0, 1, 2) },
    { requiredKeys: [] },
  ),
  rank: fc.constantFrom(undefined, undefined, PERSON),
});

const fold = (writes: readonly (readonly [Write, number])[]) =>
  writes.reduce(
    (state, [{ fields, rank }, sequence]) => setFields<Fields>(state, fields, sequence, RANKS, rank),
    nothing,
  );

describe('registers', () => {
  it('hold the latest value of the highest rank, whatever order writes come in and however often', () => {
    const delivery = fc.array(write, { minLength: 1, maxLength: 8 }).chain((writes) => {
      const numbered = writes.map((one, at) => [one, at + 1] as const);
      const again = [...numbered, ...numbered];
      return fc.tuple(fc.constant(numbered), fc.shuffledSubarray(again, { minLength: again.length }));
    });
    fc.assert(
      fc.property(delivery, ([inOrder, shuffled]) => {
        const state = fold(shuffled);
        expect(state).toEqual(fold(inOrder));
        for (const name of ['title', 'tokens'] as const) {
          const writes = inOrder.filter(([{ fields }]) => fields[name] !== undefined);
          const rankOf = ([{ fields, rank }]: (typeof writes)[number]) =>
            rank ?? (RANKS[name] as (value: unknown) => number)(fields[name]);
          const highest = Math.max(...writes.map(rankOf));
          const [winner, sequence] = writes.filter((one) => rankOf(one) === highest).at(-1) ?? [];
          expect([state.fields[name], state.sequences[name]]).toEqual([winner?.fields[name], sequence]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keep a title that a person has set, whatever clients send later', () => {
    const named = setFields<Fields>(nothing, { title: 'mine' }, 5, RANKS, PERSON);
    expect(named.ranks).toEqual({ title: PERSON });
    expect(setFields<Fields>(named, { title: 'theirs' }, 9, RANKS)).toBe(named);
    const renamed = setFields<Fields>(named, { title: 'mine too' }, 9, RANKS, PERSON);
    expect(renamed.fields.title).toBe('mine too');
    expect(setFields<Fields>(renamed, { title: 'late' }, 7, RANKS, PERSON)).toBe(renamed);
  });

  it('store no ranks that follow from the values', () => {
    const state = setFields<Fields>(nothing, { title: 'a', tokens: 1 }, 5, RANKS);
    expect(state).not.toHaveProperty('ranks');
    expect(setFields<{ a?: string }>({ fields: {}, sequences: {} }, { a: 'x' }, 1, { a: latest })).toEqual({
      fields: { a: 'x' },
      sequences: { a: 1 },
    });
  });
});
