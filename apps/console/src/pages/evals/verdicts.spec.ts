import { tagsIn, titleOf } from './verdicts.ts';

describe('verdicts', () => {
  it('have names for people', () => {
    expect([titleOf('needs_review'), titleOf(null), titleOf('of a newer version')]).toEqual([
      'Look again',
      'Not judged',
      'Not judged',
    ]);
  });

  it.each([
    ['', []],
    [' a, b ,, a', ['a', 'b']],
    ['one tag', ['one tag']],
  ])('take %j as the tags %j', (text, tags) => expect(tagsIn(text)).toEqual(tags));
});
