import fc from 'fast-check';
import { parseQuery } from '@opensync/stores';
import { fuseRanks, fuseSides, isExact, type Scored } from './fusion.ts';

const ranking = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e', 'f'));

describe('fuseRanks', () => {
  it('adds 1 / (60 + rank) for each list', () => {
    const fused = fuseRanks(
      new Map([
        ['fulltext', ['a', 'b']],
        ['semantic', ['b', 'c']],
      ]),
    );
    expect(fused).toEqual([
      { id: 'b', score: 1 / 62 + 1 / 61, foundBy: ['fulltext', 'semantic'] },
      { id: 'a', score: 1 / 61, foundBy: ['fulltext'] },
      { id: 'c', score: 1 / 62, foundBy: ['semantic'] },
    ]);
  });

  it('prefers what both lists have over the first of either', () => {
    const both = ['x1', 'x2', 'x3', 'shared'];
    const fused = fuseRanks(
      new Map([
        ['fulltext', both],
        ['semantic', ['y1', 'y2', 'y3', 'shared']],
      ]),
    );
    expect(fused[0]!.id).toBe('shared');
  });

  it('counts a side by its weight', () => {
    const rankings = new Map([
      ['semantic', ['a']],
      ['fulltext', ['b']],
    ]);
    expect(fuseRanks(rankings, { semantic: 1, fulltext: 1.2 })).toEqual([
      { id: 'b', score: 1.2 / 61, foundBy: ['fulltext'] },
      { id: 'a', score: 1 / 61, foundBy: ['semantic'] },
    ]);
  });

  it('keeps a single list as it is', () => {
    fc.assert(
      fc.property(ranking, (ids) => {
        expect(fuseRanks(new Map([['fulltext', ids]])).map(({ id }) => id)).toEqual(ids);
      }),
    );
  });

  it('has every id once, best first, with the sides that found it', () => {
    fc.assert(
      fc.property(ranking, ranking, (fulltext, semantic) => {
        const fused = fuseRanks(new Map(Object.entries({ fulltext, semantic })));
        expect(fused.map(({ id }) => id).sort()).toEqual([...new Set([...fulltext, ...semantic])].sort());
        expect(fused.map(({ score }) => score)).toEqual(fused.map(({ score }) => score).sort((a, b) => b - a));
        for (const { id, foundBy } of fused) {
          expect(foundBy.includes('fulltext')).toBe(fulltext.includes(id));
          expect(foundBy.includes('semantic')).toBe(semantic.includes(id));
        }
      }),
    );
  });
});

describe('fuseSides', () => {
  const fused = (query: string, fulltext: readonly Scored[], semantic: readonly Scored[]) =>
    fuseSides(new Map(Object.entries({ fulltext, semantic })) as never, parseQuery(query));
  const ids = (hits: readonly { id: string }[]) => hits.map(({ id }) => id);
  const QUESTION = 'why does the upload of large pictures stop halfway';

  it('goes by how much better a result is, not by its rank', () => {
    const words = [
      { id: 'clear', score: 90 },
      { id: 'other', score: 12 },
    ];
    const meaning = [
      { id: 'other', score: 0.88 },
      { id: 'clear', score: 0.87 },
      { id: 'far', score: 0.8 },
    ];
    expect(ids(fused(QUESTION, words, meaning))).toEqual(['clear', 'other', 'far']);
  });

  it('trusts meaning more, the more words the best session lacks', () => {
    const meaning = [
      { id: 'meant', score: 0.9 },
      { id: 'far', score: 0.8 },
    ];
    const lacking = (missing: readonly string[]) =>
      fused(QUESTION, [{ id: 'said', score: 10, missing }], meaning)[0]!.id;
    expect(lacking([])).toBe('said');
    expect(lacking(['why', 'upload', 'large', 'pictures', 'stop', 'halfway'])).toBe('meant');
  });

  it('lets meaning choose among sessions that have only some of the words', () => {
    const words = [
      { id: 'best', score: 90 },
      { id: 'some words', score: 40 },
    ];
    const meaning = [
      { id: 'best', score: 0.9 },
      { id: 'meant', score: 0.88 },
      { id: 'far', score: 0.8 },
    ];
    expect(ids(fused(QUESTION, words, meaning))).toEqual(['best', 'meant', 'some words', 'far']);
  });

  it('lets words decide if the query leaves words out', () => {
    const words = [
      { id: 'said', score: 10 },
      { id: 'said too', score: 3 },
    ];
    const meaning = [
      { id: 'meant', score: 0.9 },
      { id: 'far', score: 0.8 },
    ];
    expect(ids(fused(`${QUESTION} -nginx`, words, meaning)).slice(0, 2)).toEqual(['said', 'said too']);
  });

  it.each(['ECONNREFUSED 127.0.0.1:5432', 'the "connection pool" is full', 'where is getUserById', 'heap'])(
    'lets words decide in %s',
    (query) => {
      expect(isExact(parseQuery(query))).toBe(true);
      const words = [
        { id: 'said', score: 10 },
        { id: 'said too', score: 6 },
      ];
      const [first, second] = fused(query, words, [{ id: 'meant', score: 0.9 }]);
      expect([first!.id, second!.id]).toEqual(['said', 'said too']);
    },
  );

  it('shows scores of ranks, which no row of others can change', () => {
    const scored = (scores: readonly number[]) => ['a', 'b', 'c'].map((id, at) => ({ id, score: scores[at]! }));
    const meaning = scored([0.9, 0.8, 0.7]);
    const shown = (scores: readonly number[]) => fused(QUESTION, scored(scores), meaning).map(({ score }) => score);
    expect(shown([9, 8, 7])).toEqual(shown([9, 0.2, 0.1]));
    expect(shown([9, 8, 7])).toEqual([1.6 / 61, 1.6 / 62, 1.6 / 63]);
  });

  it('keeps a single side as it is, whatever its scores are', () => {
    fc.assert(
      fc.property(ranking, fc.constantFrom('fulltext', 'semantic'), (found, side) => {
        const hits = found.map((id, at) => ({ id, score: 1 - at / 10 }));
        expect(ids(fuseSides(new Map([[side, hits]]), parseQuery(QUESTION)))).toEqual(found);
      }),
    );
  });

  it('has every id once, best first, with the sides that found it', () => {
    const scores = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.double({ noNaN: true })), {
      selector: ([id]) => id,
    });
    fc.assert(
      fc.property(scores, scores, (some, others) => {
        const [fulltext, semantic] = [some, others].map((hits) => hits.map(([id, score]) => ({ id, score })));
        const hits = fused(QUESTION, fulltext!, semantic!);
        expect(ids(hits).sort()).toEqual([...new Set([...ids(fulltext!), ...ids(semantic!)])].sort());
        expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).sort((a, b) => b - a));
        for (const { id, foundBy } of hits) expect(foundBy.includes('fulltext')).toBe(ids(fulltext!).includes(id));
      }),
    );
  });
});
