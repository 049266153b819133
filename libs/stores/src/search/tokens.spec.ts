import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { indexText } from './index-text.ts';
import { normalText } from './normal.ts';
import { fold, isSingleCharacter, withoutEmojiStyles, words } from './tokens.ts';

const wordsOf = (text: string) => indexText(text).words;
const partsOf = (text: string) => indexText(text).parts;

/** The same in each run. */
function randomBytesOf(seed: string): Buffer {
  return Buffer.concat(Array.from({ length: 40 }, (_, n) => createHash('sha512').update(`${seed}${n}`).digest()));
}

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
    ['joined emoji as one', '👩🏽‍👩‍👧 ❤️‍🔥', '👩‍👩‍👧 ❤‍🔥'],
    ['flags and keycaps as one', '🇩🇪🇫🇷 1️⃣ #️⃣', '🇩🇪 🇫🇷 1⃣ #⃣'],
    ['no emphasis in underscores', '_this_ __that__ _a phrase_', 'this that a phrase'],
    ['underscores inside', 'snake_case __init__ _foo_bar_ a__b', 'snake_case init foo_bar a__b'],
    ['languages with signs', 'C++ c# F#, (C++) C++17 Objective-C++', 'c++ c# f# c++ c++17 objective c++'],
    ['.NET, and no domains', '.NET .net ASP.NET asp.net 6 example.net', '.net .net asp .net asp .net 6 example net'],
    ['no signs in code', 'i+1 a#b page.c#L10 #1 # a+++b', 'i 1 a b page c l10 1 a b'],
    ['joined names', 'Node.js Objective-C', 'node js objective c'],
    ['short names with digits', 'e2e k8s i18n IPv6 s3', 'e2e k8s i18n ipv6 s3'],
    ['numbers', '-32601 3.25 v1.2.3 8080:80 1,000 1e9', '32601 3 25 v1 2 3 8080 80 1 000 1e9'],
    ['coloured words', '\x1b[31mred\x1b[0m: \x1b[1mDONE\x1b[m', 'red done'],
    ['entities as what they stand for', '&lt;div&gt; caf&eacute;', 'div cafe'],
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
  ])('splits %s', (_, text, expected) => expect(wordsOf(text)).toBe(expected));

  it('splits a long run into bounded tokens, and stops there', () => {
    const run = 'lorem'.repeat(1_000);
    const found = words(run);
    expect(found.map(({ text }) => text).join('')).toBe(run.slice(0, 256));
    expect(Math.max(...found.map(({ text }) => text.length))).toBe(64);
  });

  it.each([
    ['base64', randomBytesOf('a').toString('base64')],
    ['base64 of URLs', randomBytesOf('b').toString('base64url')],
    ['a long digest', randomBytesOf('c').toString('hex')],
  ])('keeps only the beginning of %s, also of its lines', (_, noise) => {
    const count = (text: string) => wordsOf(text).split(' ').length;
    expect(count(noise)).toBeLessThanOrEqual(4);
    expect(partsOf(noise)).toBe('');
    const lines = `before\n${noise.replace(/.{76}/g, '$&\n')}\nafter`;
    expect(count(lines)).toBeLessThanOrEqual(12);
    expect(wordsOf(lines)).toMatch(/^before .* after$/);
    // Found by what is pasted of it.
    expect(wordsOf(noise.slice(0, 200))).toBe(wordsOf(noise));
  });

  it('keeps hashes, ids and long paths whole', () => {
    const sha = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(wordsOf(sha)).toBe(sha);
    expect(wordsOf('550e8400-e29b-41d4-a716-446655440000')).toBe('550e8400 e29b 41d4 a716 446655440000');
    const uuid = '550e8400-e29b-41d4-a716-446655440000';
    expect(wordsOf(`/api/sessions/${uuid}/messages/${uuid}`)).toBe(
      `api sessions ${uuid.replaceAll('-', ' ')} messages ${uuid.replaceAll('-', ' ')}`,
    );
    const sha1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709';
    expect(wordsOf(`.git/objects/da/${sha1.slice(2)}`)).toBe(`git objects da ${sha1.slice(2)}`);
    expect(wordsOf(`${sha1}:libs/stores/src/search/tokens.ts`)).toBe(`${sha1} libs stores src search tokens ts`);
    const path = '/home/ann/projects/gateway/node_modules/typescript/lib/tsserverlibrary/index';
    expect(wordsOf(path).split(' ')).toHaveLength(9);
  });

  it('has offsets that point at the folded text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        let end = 0;
        for (const word of words(text)) {
          expect(word.start).toBeGreaterThanOrEqual(end);
          end = word.end;
          expect(fold(withoutEmojiStyles(text.slice(word.start, word.end)))).toBe(fold(word.text));
          for (const part of [...word.parts, ...word.joins]) {
            expect(part.start).toBeGreaterThanOrEqual(0);
            expect(part.start).toBeLessThan(part.end);
            const inner = withoutEmojiStyles(text.slice(word.start + part.start, word.start + part.end));
            expect(fold(inner)).toContain(fold(part.text));
          }
        }
      }),
    );
  });

  it('has no empty word, whatever folding leaves of it', () => {
    const unit = fc.constantFrom(...'aB1_-. \u0640\u0640\ufe71\u0301\u064bאا東☺', '\u0640'.repeat(130));
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        for (const { text: word, parts, joins } of words(normalText(text))) {
          for (const token of [word, ...parts.map((part) => part.text), ...joins.map((join) => join.text)]) {
            expect(token).toMatch(/^\S+$/);
          }
        }
      }),
      { examples: [['\u0640'], [`${'\u0640'.repeat(600)}a`]] },
    );
  });

  it('is idempotent', () => {
    const unit = fc.constantFrom(...'aZß_9 .É東ガｶﾞ가ก์👍İıς\0\u0301');
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const once = indexText(text).words;
        expect(indexText(once).words).toBe(once);
      }),
      { examples: [['\u0301_a']] },
    );
  });
});

describe('parts', () => {
  it.each([
    ['camel case', 'useState', 'use state ‖'],
    ['an acronym before a word', 'HTTPServer', 'http server ‖'],
    ['snake case', 'ERR_CONN_RESET', 'err conn reset ‖'],
    ['digits', 'sha256sum x86_64 utf8', 'sha 256 sum ‖ sha256 ‖ x86 64 ‖ utf 8 ‖'],
    ['outer underscores', '__init__ _this_', ''],
    ['what an identifier is joined to', 'see src/useAuth.ts', 'src use auth ts ‖'],
    ['nothing of plain words', 'the quick src/auth.ts', ''],
    ['nothing of hashes', 'a3f9c2d1 0b9d4e8f7a', ''],
    ['nothing of base64', 'aGVsbG8gV29yTGQhIFRoaXMgaXMgYUJjRGVG', ''],
    ['other alphabets', 'моёПоле', 'мое поле ‖'],
    ['nothing of short names with digits', 'e2e k8s i18n s3 x86 v8', ''],
    ['names with inner capitals', 'GitHubToken TypeScriptError', 'github token ‖ typescript error ‖'],
    ['names that begin small', 'iOSApp macOSVersion iPadOSBuild', 'ios app ‖ macos version ‖ ipados build ‖'],
    [
      'names with numbers',
      'OAuth2Client IPv6Address PostgreSQL16 iOS17 GPT4',
      'oauth 2 client ‖ oauth2 ‖ ipv 6 address ‖ ipv6 ‖ postgresql 16 ‖ ios 17 ‖ gpt 4 ‖',
    ],
    ['nothing of names alone', 'JavaScript macOS YouTube GitHub', ''],
    ['a name between others', 'useYouTubeAPI2', 'use youtube api 2 ‖ youtubeapi2 youtubeapi api2 ‖'],
    ['acronyms side by side', 'parseURLFromHTTPRequest', 'parse url from http request ‖ parseurl httprequest ‖'],
    [
      'names that nobody listed',
      'NimBusToken FooBarClient3',
      'nim bus token ‖ nimbus bustoken ‖ foo bar client 3 ‖ foobar barclient3 barclient client3 ‖',
    ],
    ['joined emoji', '👩🏽‍🚀', '👩 🚀 ‖'],
    ['letters beyond the basic plane', '𐐨𐐀𐐨1 x𐐀𐐨', '𐐨 𐐨𐐨 1 ‖ 𐐨𐐨𐐨 𐐨𐐨1 ‖ x 𐐨𐐨 ‖'],
  ])('knows %s', (_, text, expected) => expect(partsOf(text)).toBe(expected));

  it('finds all parts of an identifier of any length', () => {
    const names = Array.from(
      { length: 300 },
      (_, n) => `part${String.fromCharCode(97 + (n % 26), 97 + ((n / 26) % 26))}`,
    );
    for (const run of [names.join('_'), names.map((name) => name[0]!.toUpperCase() + name.slice(1)).join('')]) {
      const found = partsOf(run).split(' ');
      for (const name of names) expect(found).toContain(name);
      expect(found.every((token) => token.length <= 64)).toBe(true);
    }
  });
});

it('recognises tokens that are always single characters', () => {
  expect(['東', 'ガ', '가', 'ที่', '👍'].map(isSingleCharacter)).toEqual([true, true, true, true, true]);
  expect(['a', 'é', '9', 'د'].map(isSingleCharacter)).toEqual([false, false, false, false]);
});
