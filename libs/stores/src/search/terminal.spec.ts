import fc from 'fast-check';
import { visibleText } from './terminal.ts';

const ESC = '\x1b';

describe('visibleText', () => {
  it.each([
    ['colours', `${ESC}[31mred${ESC}[0m and ${ESC}[1;38;5;200mbold${ESC}[39m`, 'red and bold'],
    ['colours with colons', `${ESC}[38:2::255:0:0mred${ESC}[m`, 'red'],
    ['a match that grep marks inside a word', `use${ESC}[01;31m${ESC}[KState${ESC}[m${ESC}[K(0)`, 'useState(0)'],
    ['8-bit control sequences', 'a \x9b1mbold\x9b0m word', 'a bold word'],
    [
      'links, keeping their text',
      `see ${ESC}]8;;https://e.test/x${ESC}\\the docs${ESC}]8;;${ESC}\\ now`,
      'see the docs now',
    ],
    ['links that BEL or an 8-bit ST end', `${ESC}]8;id=1;file:///a\x07one\x9d8;;\x9c two`, 'one two'],
    ['titles', `${ESC}]0;user@host: ~\x07$ ls`, '$ ls'],
    ['titles of screen', `${ESC}kvim${ESC}\\text`, 'text'],
    ['device strings', `${ESC}P1$r0m${ESC}\\a${ESC}_Gf=100;AAAA${ESC}\\b${ESC}^x${ESC}\\c\x90q\x9cd`, 'abcd'],
    ['pictures over lines', `${ESC}Pq#0;2;0;0\n#0~~@@vv\n${ESC}\\after`, 'after'],
    ['character sets', `${ESC}(Ba${ESC})0b${ESC}*Ac${ESC}%Gd\x0ee\x0f`, 'abcde'],
    ['single characters', `${ESC}7a${ESC}8b${ESC}=c${ESC}>d${ESC}c`, 'abcd'],
    ['sequences that were cut off', `text${ESC}[38;5`, 'text'],
    ['an escape alone', `a${ESC}`, 'a'],
    ['modes and reports', `${ESC}[?25l${ESC}[?2004hx${ESC}[6n`, 'x'],
    ['links that nothing ends, but for their introducer', `${ESC}]0;no end\nmore`, '0;no end\nmore'],
    ['text in a wrong encoding, as a border of words', 'don\x92t', 'don t'],
  ])('removes %s', (_, text, expected) => expect(visibleText(text)).toBe(expected));

  it.each([
    ['the last state of a progress bar', 'get 10%\rget 55%\rget 100%\ndone', 'get 100%\ndone'],
    ['the last state of a spinner', '⠋ installing\r⠙ installing\r✔ installed   \n', '✔ installed   \n'],
    ['what a shorter state does not cover, but for half a word', 'Downloading file.bin\rDone', 'Done file.bin'],
    ['nothing of a line that was erased', `Resolving packages${ESC}[2K\rDone`, 'Done'],
    ['nothing behind an erased end', `Resolving packages\r${ESC}[KDone`, 'Done'],
    ['nothing before an erased beginning', `old${ESC}[1K\rnew`, 'new'],
    ['the last state without a carriage return', `abc${ESC}[3Dxyz`, 'xyz'],
    ['the last state by columns', `10%${ESC}[1G20%`, '20%'],
    ['one of two letters struck', 'N\bNA\bAM\bME\bE', 'NAME'],
    ['the letter over an underscore', '_\bw_\bo_\br_\bd', 'word'],
    ['the letter under an underscore', 'w\b_o\b_', 'wo'],
    ['what was typed after a correction', 'gti\b \b\b \bit', 'git'],
    ['line ends of Windows', 'one\r\ntwo\r\r\nthree\r\n', 'one\ntwo\nthree\n'],
    ['words apart that a move parts', `left${ESC}[10Cright${ESC}[2;5Hbelow`, 'left right\nbelow'],
    ['lines that were written over each other', `a: 1%\nb: 2%\n${ESC}[2A${ESC}[2K\ra: 100%`, 'a: 1%\nb: 2%\n\na: 100%'],
    [
      'all lines of a text with line ends of old systems',
      'first line of it\rthen another one\rnothing in common\rwith what follows',
      'first line of it\nthen another one\nnothing in common\nwith what follows',
    ],
  ])('keeps %s', (_, text, expected) => expect(visibleText(text)).toBe(expected));

  it('leaves a text without terminal sequences unchanged', () => {
    const text = 'plain\ttext\r\nof Windows [31m 10% é 東京';
    expect(visibleText(text)).toBe(text);
  });

  it('is linear for sequences that never end', () => {
    for (const piece of [
      `${ESC}]8;;`,
      '\x9d',
      '\x90a',
      `${ESC}[`,
      `${ESC}[1;`,
      'a\r',
      'a\b',
      `${ESC}P`,
      `${ESC}[9D`,
      `${ESC}(`,
    ]) {
      const start = process.threadCpuUsage();
      visibleText(piece.repeat(100_000));
      expect(process.threadCpuUsage(start).user / 1000).toBeLessThan(5_000);
    }
  });

  it('leaves no control characters of sequences, and is idempotent', () => {
    const unit = fc.constantFrom(
      ESC,
      '[',
      ']',
      '8',
      ';',
      'm',
      'K',
      'P',
      '\\',
      '\x07',
      '\x9b',
      '\x9c',
      '\x90',
      '\b',
      '\r',
      '\n',
      'a',
      '_',
      ' ',
      '(',
    );
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const visible = visibleText(text);
        expect(visible).not.toMatch(/[\b\x0e\x0f\x1b\x80-\x9f]|\r(?!\n)/);
        expect(visibleText(visible)).toBe(visible);
      }),
    );
  });
});
