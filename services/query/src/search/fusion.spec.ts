import fc from 'fast-check';
import { fuseRanks } from './fusion.ts';

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
