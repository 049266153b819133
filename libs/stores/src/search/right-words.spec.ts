import { dictionaryOf, isEnglishWord, isInDictionary } from './right-words.ts';

describe('isEnglishWord', () => {
  it.each([
    'automation',
    'automaton',
    'container',
    'deploys',
    'running',
    'flies',
    'idempotent',
    'retried',
    'caches',
    'unhappiest',
  ])('knows %s', async (word) => expect(await isEnglishWord(word)).toBe(true));
  it.each(['sesion', 'memroy', 'kubernets', 'conection', 'exhuasted', 'opne', 'rotaion', 'xyzzyx'])(
    'does not know %s',
    async (word) => expect(await isEnglishWord(word)).toBe(false),
  );
});

describe('a dictionary', () => {
  const aff = [
    'PFX U Y 1',
    'PFX U   0     un         .',
    'SFX D Y 2',
    'SFX D   0     d          e',
    'SFX D   y     ied        [^aeiou]y',
  ];
  const dictionary = dictionaryOf(aff.join('\n'), ['3', 'cache/DU', 'retry/D', 'Paris'].join('\n'));

  it.each(['cache', 'cached', 'uncache', 'uncached', 'retried', 'paris'])('has %s', (word) => {
    expect(isInDictionary(dictionary, word)).toBe(true);
  });
  it.each(['cachd', 'unretried', 'retryd', 'parisd', 'un', 'd'])('has no %s', (word) => {
    expect(isInDictionary(dictionary, word)).toBe(false);
  });
});
