import fc from 'fast-check';
import { excerpt } from './excerpt.ts';
import { loadTokenizer, piecesOf, type CountTokens } from './tokens.ts';

let count: CountTokens;
beforeAll(async () => {
  count = await loadTokenizer();
});

const line = fc.oneof(
  fc.lorem({ maxCount: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(
    '',
    '    at handler (/srv/app.js:1:2)',
    '漢字かな交じり文'.repeat(60),
    'x'.repeat(700),
    '🙂'.repeat(300),
  ),
);
const text = fc.array(line, { maxLength: 40 }).map((lines) => lines.join('\n'));

describe('excerpt', () => {
  it('fits, and is a piece of the text', () => {
    fc.assert(
      fc.property(text, fc.nat(4_000), fc.integer({ min: 1, max: 400 }), (whole, at, most) => {
        const quoted = excerpt(whole, Math.min(at, whole.length), most, count);
        if (!quoted) return;
        expect(quoted.tokens).toBe(count(quoted.text));
        expect(quoted.tokens).toBeLessThanOrEqual(most);
        const piece = quoted.text === whole ? whole : quoted.text.replace(/^…\n?/, '').replace(/…$/, '');
        expect(whole.includes(piece)).toBe(true);
        expect(piece.isWellFormed()).toBe(whole.isWellFormed());
      }),
    );
  });

  it('has the match', () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 60, max: 400 }), (before, after, most) => {
        const whole = `${before}\nERR_NEEDLE\n${after}`;
        expect(excerpt(whole, before.length + 1, most, count)!.text).toContain('ERR_NEEDLE');
      }),
    );
  });

  it('is the whole text if that fits', () => {
    fc.assert(
      fc.property(text, fc.nat(1_000), (whole, at) => {
        expect(excerpt(whole, at, count(whole), count)).toEqual({ text: whole, tokens: count(whole) });
      }),
    );
  });

  it('uses most of what it may', () => {
    const lines = Array.from({ length: 400 }, (_, n) => `line ${n} says something about the number ${n}`).join('\n');
    const { tokens, text } = excerpt(lines, lines.indexOf('line 200'), 300, count)!;
    expect(tokens).toBeGreaterThan(260);
    expect(text).toMatch(/^…\nline 19\d .+…$/s);
  });
});

describe('the tokenizer', () => {
  it('counts what models read', () => {
    expect(count('')).toBe(0);
    expect(count('hello world')).toBe(2);
    expect(count('<|endoftext|>')).toBeGreaterThan(1);
    expect(count('tokens '.repeat(10_000))).toBe(20_001 - 10_000);
  });

  it('needs time in proportion to the text', () => {
    const start = performance.now();
    for (const run of ['漢', 'a', ' ', '🙂', '\n']) count(run.repeat(50_000));
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('counts texts in pieces that are together the whole text', () => {
    fc.assert(
      fc.property(text, (whole) => {
        const pieces = piecesOf(whole);
        expect(pieces.join('')).toBe(whole);
        expect(
          pieces.every((piece) => piece.length <= 256 && piece.isWellFormed() === true) || !whole.isWellFormed(),
        ).toBe(true);
      }),
    );
  });
});
