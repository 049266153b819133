import fc from 'fast-check';
import { parseQuery } from './query.ts';
import { excerptOf, markedHtml, snippet } from './snippet.ts';

const mark = (text: string, query: string) => snippet([text], parseQuery(query).all);
const plain = (html: string) =>
  html
    .replace(/<\/?mark>|^…|…$/g, '')
    .replace(
      /&(amp|lt|gt|quot|#39);/g,
      (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name]!,
    );

describe('snippet', () => {
  it.each([
    [
      'words and the last prefix',
      'fetch sess',
      'We Fetch the session.',
      'We <mark>Fetch</mark> the <mark>session</mark>.',
    ],
    ['phrases as one', '"the session"', 'the old, the session', 'the old, <mark>the session</mark>'],
    ['identifiers whole', 'usestate', 'a useState b', 'a <mark>useState</mark> b'],
    ['identifiers by part', 'state', 'a useState b', 'a use<mark>State</mark> b'],
    ['paths', 'src/auth.ts', 'in /app/src/auth.ts:3', 'in /app/<mark>src/auth.ts</mark>:3'],
    ['scripts without blanks', '京都', '東京都に住む', '東<mark>京都</mark>に住む'],
    ['accents both ways', 'cafe naïve', 'Café, naive', '<mark>Café</mark>, <mark>naive</mark>'],
    ['emoji', '🚀', 'ship 🚀 it', 'ship <mark>🚀</mark> it'],
    ['emoji of another colour', '👩‍🚀', 'an 👩🏽‍🚀 flies', 'an <mark>👩🏽‍🚀</mark> flies'],
    ['members of joined emoji', '👧', 'the 👩‍👧 is', 'the <mark>👩‍👧</mark> is'],
    ['names inside identifiers', '"github"', 'the GitHubToken expired', 'the <mark>GitHub</mark>Token expired'],
    ['joined parts', '"nimbus"', 'a NimBusToken', 'a <mark>NimBus</mark>Token'],
    ['decomposed letters', 'zoë', 'with Zoe\u0308 here', 'with <mark>Zoe\u0308</mark> here'],
    ['full width', 'width', 'ＦＵＬＬ ｗｉｄｔｈ！', 'ＦＵＬＬ <mark>ｗｉｄｔｈ</mark>！'],
    ['half width', 'ガイド', '新しいｶﾞｲﾄﾞです', '新しい<mark>ｶﾞｲﾄﾞ</mark>です'],
    ['ligatures', 'file office', 'the ﬁle in the oﬃce', 'the <mark>ﬁle</mark> in the <mark>oﬃce</mark>'],
    [
      'words that hide a hyphen',
      'hyphenation',
      'soft hy\u00adphen\u200bation',
      'soft <mark>hy\u00adphen\u200bation</mark>',
    ],
    [
      'coloured words, without the colours',
      'state',
      '\x1b[1mthe \x1b[31mst\x1b[32mate\x1b[0m',
      'the <mark>state</mark>',
    ],
    ['encoded words', 'café', 'the caf&eacute;!', 'the <mark>caf&amp;eacute;</mark>!'],
    ['emphasised words', '"very important"', 'a _very important_ one', 'a _<mark>very important</mark>_ one'],
    ['languages with signs', 'c++', 'in C++ or C', 'in <mark>C++</mark> or C'],
  ])('marks %s', (_, query, text, expected) => expect(mark(text, query)).toBe(expected));

  it('escapes everything but its marks', () => {
    expect(mark(`<img src=x onerror="go('a&b')">`, 'img')).toBe(
      '&lt;<mark>img</mark> src=x onerror=&quot;go(&#39;a&amp;b&#39;)&quot;&gt;',
    );
  });

  it('shows the stretch with most terms, cut between words', () => {
    const filler = 'lorem ipsum dolor sit amet '.repeat(40);
    const html = mark(`alpha ${filler}beta and then alpha ${filler}beta`, 'alpha beta');
    expect(html).toContain('<mark>beta</mark> and then <mark>alpha</mark>');
    expect(html).toMatch(/^…(lorem|ipsum|dolor|sit|amet)\b.*\b(lorem|ipsum|dolor|sit|amet)…$/);
    expect(plain(html).length).toBeLessThanOrEqual(240);
  });

  it('takes the first text with a hit, otherwise the beginning of the first', () => {
    const query = parseQuery('needle').all;
    expect(snippet(['hay', 'a needle'], query)).toBe('a <mark>needle</mark>');
    expect(snippet(['', 'hay', 'straw'], query)).toBe('hay');
    expect(snippet([], query)).toBe('');
  });

  it('finds the one hit in megabytes, wherever it is', () => {
    const hay = 'hay, straw and naïve ñandú '.repeat(80_000);
    for (const at of [0, 2_047, 2_048, 1_000_000, hay.length]) {
      expect(mark(`${hay.slice(0, at)} needle ${hay.slice(at)}`, 'needle')).toContain('<mark>needle</mark>');
    }
  });

  it('stays fast if a token of the query is everywhere but never a word', () => {
    const html = mark(`needle ${'xneedlex '.repeat(200_000)}`, 'needle straw');
    expect(html).toMatch(/^<mark>needle<\/mark> xneedlex/);
  });

  it('does not split a grapheme', () => {
    const family = '👨‍👩‍👧‍👦';
    const html = mark(`${family.repeat(60)} needle ${family.repeat(60)}`, 'needle');
    expect(plain(html).replaceAll(family, '').trim()).toBe('needle');
  });

  it('is always a piece of the text, well-formed and bounded', () => {
    const unit = fc.constantFrom(...'abc <&>"\'東é', '👍🏽', '\ud800', '\0', 'e\u0301', 'useState ', 'needle ');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 1_500 }), fc.string({ unit, maxLength: 20 }), (text, query) => {
        const html = mark(text, query);
        expect(html.isWellFormed()).toBe(true);
        expect(html.replace(/<mark>|<\/mark>/g, '')).not.toMatch(/[<>"']/);
        const normal = text.toWellFormed().replace(/[\s\p{Cc}]+/gu, ' ');
        expect(normal).toContain(plain(html));
        expect(plain(html).length).toBeLessThanOrEqual(480);
      }),
    );
  });
});

describe('excerptOf', () => {
  it('says where the hits are, in UTF-16', () => {
    const { text, highlights } = excerptOf(['🚀 a\n\n<cat>\0and another Cat'], parseQuery('cat').all);
    expect(text).toBe('🚀 a <cat> and another Cat');
    expect(highlights.map(({ start, end }) => text.slice(start, end))).toEqual(['cat', 'Cat']);
    expect(highlights[0]).toEqual({ start: 6, end: 9 });
  });

  it('has ordered ranges that do not overlap, and the same text as its HTML', () => {
    const words = fc.array(fc.constantFrom('cat', 'dog', '<b>', '&', '\n', '🚀', 'catdog', 'é', '\ud800'), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(words, fc.constantFrom('cat', 'dog cat', '"cat dog"', 'é 🚀'), (said, query) => {
        const excerpt = excerptOf([said.join(' ')], parseQuery(query).all);
        let before = 0;
        for (const { start, end } of excerpt.highlights) {
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThan(start);
          before = end;
        }
        expect(before).toBeLessThanOrEqual(excerpt.text.length);
        expect(plain(markedHtml(excerpt))).toBe(excerpt.text.replaceAll(/^…|…$/g, ''));
      }),
    );
  });

  it.each(['\u0640', '\u0640 cat', '"\u0640 cat"', '-\u0640', '\ufe71'])(
    'is cut for the query %j, of which folding leaves nothing',
    (query) => {
      expect(excerptOf(['A cat \u0640 sleeps'], parseQuery(query).all).text).toContain('cat');
    },
  );

  it('shows as much as asked for', () => {
    const text = 'word '.repeat(200);
    expect(excerptOf([text], []).text.length).toBeLessThan(260);
    expect(excerptOf([text], [], { length: 500 }).text.length).toBeGreaterThan(450);
  });
});

it('marks in plain words what it marks in capitals, which are split into words and parts', () => {
  const word = fc.constantFrom(
    'log',
    'login',
    'logins',
    'cookie',
    'cook',
    'a',
    'nets',
    'c',
    'parse',
    'error',
    'x'.repeat(45),
  );
  const mark = fc.constantFrom(' ', ' ', '. ', ', ', ') ', ' (', '.', '-', '/', ' "', '" ', ': ', '\n');
  const text = fc.array(fc.tuple(word, mark), { maxLength: 80 }).map((pairs) => pairs.flat().join(''));
  const query = fc.constantFrom('login', 'log', 'cookies', 'login cook', '"parse error"', 'nets', 'c', 'log error a');
  fc.assert(
    fc.property(text, query, (given, asked) => {
      const { all } = parseQuery(asked);
      const { highlights } = excerptOf([given.toUpperCase()], all);
      expect(excerptOf([given], all).highlights).toEqual(highlights);
    }),
    { numRuns: 500 },
  );
});
