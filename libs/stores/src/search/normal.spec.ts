import fc from 'fast-check';
import { normalise, normalText } from './normal.ts';

const FAMILY = '👩🏽‍👩‍👧';
const ENGLAND = '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}';

describe('normalText', () => {
  it.each([
    ['full width', 'ＦＵＬＬ　ｗｉｄｔｈ', 'FULL width'],
    ['half width with voicing marks', 'ｶﾞｲﾄﾞ', 'ガイド'],
    ['ligatures', 'ﬁle of ﬂow oﬃce', 'file of flow office'],
    ['accents that stand apart', 'cafe\u0301 A\u030angstro\u0308m', 'café Ångström'],
    ['Hangul in pieces', '\u1112\u1161\u11ab\u1100\u1173\u11af ㄱㅏ', '한글 가'],
    ['fractions, units and superscripts', '½ ㎏ x²', '1⁄2 kg x2'],
    ['mathematical letters', '𝒩𝑜𝓉𝑒', 'Note'],
    ['zero width characters', 'a\u200bb\u200cc\u200dd\u2060e\ufefff', 'abcdef'],
    ['soft hyphens', 'Zusam\u00admenhang', 'Zusammenhang'],
    ['direction marks', '\u202babc\u202c\u2066d\u2069\u200e\u061c', 'abcd'],
    ['variation selectors and tags outside of emoji', 'a\ufe0fb\u{e0101}\u{e0061}c', 'abc'],
    ['fillers and annotations', 'a\u3164b\u115fc\ufff9d', 'abcd'],
    ['named entities', 'caf&eacute; &lt;b&gt; &amp;&nbsp;&quot;x&quot;', 'café <b> & "x"'],
    ['numeric entities', '&#65;&#x42;&#X43; &#128640;', 'ABC 🚀'],
    ['entities that were encoded twice', '&amp;lt;div&amp;gt; &amp;amp;amp;quot;', '<div> "'],
    ['invisible ones and accents as entities', 'soft&shy;hyphen e&#769;', 'softhyphen é'],
    ['terminal sequences', '\x1b[31mred\x1b[0m', 'red'],
  ])('has %s in their usual form', (_, text, expected) => expect(normalText(text)).toBe(expected));

  it.each(['&foo; &; &copy=2 a&b;c', FAMILY, '1️⃣ #⃣', '🇩🇪🇫🇷', ENGLAND, '❤️‍🔥', 'plain text, ASCII'])(
    'leaves %s unchanged',
    (text) => {
      expect(normalText(text)).toBe(text);
    },
  );

  it('processes at least 100 MB of plain text per second', () => {
    const text = 'const x = useState(ERR_CONN_RESET); // and some words\n'.repeat(20_000);
    const start = process.threadCpuUsage();
    for (let round = 0; round < 10; round += 1) expect(normalText(text)).toBe(text);
    // 10.6 MB; ten times slower is still told from a pass that builds another text.
    expect(process.threadCpuUsage(start).user / 1000).toBeLessThan(1_000);
  });
});

describe('normalise', () => {
  const pieces = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom(
        'a',
        'é',
        'e\u0301',
        'ﬁ',
        'ｶﾞ',
        '&amp;',
        '&lt;',
        ';',
        '&',
        '\u00ad',
        '\u200d',
        FAMILY,
        '1️⃣',
        '東',
        '\u1100',
        '\u1161',
        '\u11a8',
        'ㅏ',
        '\x1b[1m',
        '\r',
        '\n',
        '‼️',
        'ﷺ',
        '\u0327\u0301',
        '\ud800',
        '\ufe0f',
      ),
    }),
  );

  it('returns the same as normalText, with the whole visible text as its origin', () => {
    fc.assert(
      fc.property(pieces, (text) => {
        const normal = normalise(text);
        expect(normal.text).toBe(normalText(text));
        const { start, end } = normal.origin(0, normal.text.length);
        expect(normalText(normal.visible.slice(start, end))).toBe(normal.text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('maps each piece to its origin: in order, and no larger than necessary', () => {
    fc.assert(
      fc.property(pieces, fc.nat(), fc.nat(), (text, a, b) => {
        const normal = normalise(text);
        const [start, end] = [a % (normal.text.length + 1), b % (normal.text.length + 1)].sort((x, y) => x - y) as [
          number,
          number,
        ];
        const origin = normal.origin(start, end);
        expect(origin.start).toBeLessThanOrEqual(origin.end);
        expect(origin.end).toBeLessThanOrEqual(normal.visible.length);
        const middle = (start + end) >> 1;
        const [left, right] = [normal.origin(start, middle), normal.origin(middle, end)];
        expect(left.start).toBe(origin.start);
        if (end > middle) expect(right.end).toBe(origin.end);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['a ligature', 'a ﬁle', 'file', 'ﬁle'],
    ['half of a ligature', 'a ﬁle', 'il', 'ﬁl'],
    ['full width', '！ＡＢ！', 'AB', 'ＡＢ'],
    ['an accent', 'cafe\u0301 x', 'café', 'cafe\u0301'],
    ['a hidden hyphen', 'a hy\u00adphen b', 'hyphen', 'hy\u00adphen'],
    ['an entity', 'x caf&eacute;s y', 'cafés', 'caf&eacute;s'],
    ['colours', '\x1b[31mre\x1b[32md\x1b[0m!', 'red', 'red'],
  ])('maps back to %s', (_, text, piece, expected) => {
    const normal = normalise(text);
    const at = normal.text.indexOf(piece);
    const { start, end } = normal.origin(at, at + piece.length);
    expect(normal.visible.slice(start, end)).toBe(expected);
  });
});
