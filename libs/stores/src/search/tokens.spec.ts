import fc from 'fast-check';
import { fold, indexText, isSingleCharacter, words } from './tokens.ts';

const wordsOf = (text: string) => indexText(text).words;
const partsOf = (text: string) => indexText(text).parts;

describe('words', () => {
  it.each([
    ['identifiers whole', 'x = useState(ERR_CONN_RESET)', 'x usestate err_conn_reset'],
    ['paths by their names', 'src/auth.ts:12', 'src auth ts 12'],
    ['underscores alone as nothing', 'a ___ b', 'a b'],
    ['Chinese and Japanese by character', '東京のデータ', '東 京 の デ ー タ'],
    ['Hangul by syllable', '검색어', '검 색 어'],
    ['Thai by character with its marks', 'ที่นี่', 'ที่ นี่'],
    ['a script change as a border', 'useState関数', 'usestate 関 数'],
    ['emoji, whatever their colour and presentation', '👍🏽 ❤️ 👍', '👍 ❤ 👍'],
    ['joined emoji by person', '👨‍👩‍👧', '👨 👩 👧'],
    ['compatibility forms', 'ＦＵＬＬ ﬁle ½ ｶﾞ', 'full file 1 2 ガ'],
    ['accents, composed or not', 'naïve cafe\u0301 Ångström', 'naive cafe angstrom'],
    ['letters people type without', 'STRAẞE smørrebrød Łódź œuvre', 'strasse smorrebrod lodz oeuvre'],
    ['Greek with its final sigma', 'ΣΊΣΥΦΟΣ Σίσυφος', 'σισυφοσ σισυφοσ'],
    ['Turkish capitals', 'İstanbul', 'istanbul'],
    ['Arabic without vowel signs', 'مُحَمَّد', 'محمد'],
    ['Cyrillic ё as е', 'Ёлка', 'елка'],
    ['Devanagari with its vowels', 'हिन्दी', 'हिन्दी'],
    ['what stands around a NUL', 'before\0after', 'before after'],
    ['lone surrogates as nothing', 'a \ud800 b', 'a b'],
  ])('sees %s', (_, text, expected) => expect(wordsOf(text)).toBe(expected));

  it('cuts a run without end into tokens of a bounded length, losing nothing', () => {
    const run = 'aGVsbG8'.repeat(1_000);
    const found = words(run);
    expect(found.map(({ text }) => text).join('')).toBe(run.toLowerCase());
    expect(Math.max(...found.map(({ text }) => text.length))).toBe(64);
  });

  it('has offsets that point at what was folded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        let end = 0;
        for (const word of words(text)) {
          expect(word.start).toBeGreaterThanOrEqual(end);
          end = word.end;
          expect(fold(text.slice(word.start, word.end))).toBe(fold(word.text));
          for (const part of word.parts) {
            expect(part.start).toBeGreaterThanOrEqual(word.start);
            expect(part.end).toBeLessThanOrEqual(word.end);
          }
        }
      }),
    );
  });

  it('is the same for a text that has been through it', () => {
    const unit = fc.constantFrom(...'aZß_9 .É東ガｶﾞ가ก์👍İıς\0\u0301');
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const once = indexText(text).words;
        expect(indexText(once).words).toBe(once);
      }),
    );
  });
});

describe('parts', () => {
  it.each([
    ['camel case', 'useState', 'use state ‖'],
    ['an acronym before a word', 'HTTPServer', 'http server ‖'],
    ['snake case', 'ERR_CONN_RESET', 'err conn reset ‖'],
    ['digits', 'sha256sum x86_64', 'sha 256 sum ‖ x 86 64 ‖'],
    ['outer underscores', '__init__', 'init ‖'],
    ['what an identifier is joined to', 'see src/useAuth.ts', 'src use auth ts ‖'],
    ['nothing of plain words', 'the quick src/auth.ts', ''],
    ['nothing of hashes', 'a3f9c2d1 0b9d4e8f7a', ''],
    ['nothing of base64', 'aGVsbG8gV29yTGQhIFRoaXMgaXMgYUJjRGVG', ''],
    ['other alphabets', 'моёПоле', 'мое поле ‖'],
  ])('knows %s', (_, text, expected) => expect(partsOf(text)).toBe(expected));
});

it('tells tokens that are always single characters', () => {
  expect(['東', 'ガ', '가', 'ที่', '👍'].map(isSingleCharacter)).toEqual([true, true, true, true, true]);
  expect(['a', 'é', '9', 'د'].map(isSingleCharacter)).toEqual([false, false, false, false]);
});
