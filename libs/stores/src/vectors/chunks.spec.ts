import fc from 'fast-check';
import { chunksToEmbed, chunkText, isOfChunk, MOST_CHUNKS, passageOf } from './chunks.ts';

/** Fails unless the chunks, in order and overlapping, are all of the text but blanks. */
function expectCovered(text: string, chunks: readonly string[]): void {
  let covered = 0;
  let from = 0;
  for (const chunk of chunks) {
    const at = text.indexOf(chunk, from);
    expect(at).toBeGreaterThanOrEqual(0);
    expect(text.slice(covered, Math.max(covered, at)).trim()).toBe('');
    covered = Math.max(covered, at + chunk.length);
    from = at;
  }
  expect(text.slice(covered).trim()).toBe('');
}

/** Blanks as given, numbers as words of that many characters, none of which occurs twice: every chunk has one place. */
function distinctText(runs: readonly (string | number)[]): string {
  let next = 0x20000;
  return runs
    .map((run) =>
      typeof run === 'string' ? run : Array.from({ length: run }, () => String.fromCodePoint(next++)).join(''),
    )
    .join('');
}

describe('chunkText', () => {
  it('leaves short texts whole and returns nothing for blanks', () => {
    expect(chunkText(' short ')).toEqual(['short']);
    expect(chunkText('x'.repeat(500))).toHaveLength(1);
    expect(chunkText('')).toEqual([]);
    expect(chunkText(' \n '.repeat(1_000))).toEqual([]);
  });

  it('cuts after a paragraph, otherwise a line, otherwise a sentence, otherwise a word', () => {
    const words = 'word '.repeat(70).trim();
    expect(chunkText(`${words}\n\nNext. Line\n${words}`)[0]).toBe(words);
    expect(chunkText(`${words}\nNext. Line ${words}`)[0]).toBe(words);
    expect(chunkText(`${words}. Next line ${words}`)[0]).toBe(`${words}.`);
    expect(chunkText(`${words}${words}`)[0]).toMatch(/ word$/);
  });

  it('repeats a few words across a border', () => {
    const numbers = Array.from({ length: 1_000 }, (_, n) => `n${n}`).join(' ');
    const [first, second] = chunkText(numbers);
    const shared = second!.split(' ').filter((word) => first!.split(' ').includes(word));
    expect(shared.length).toBeGreaterThan(5);
    expect(second!.startsWith(shared.join(' '))).toBe(true);
  });

  it('keeps earlier chunks when text is appended', () => {
    const text = 'One sentence of some words. '.repeat(500);
    const before = chunkText(text).slice(0, -1);
    expect(chunkText(`${text}And more.`).slice(0, before.length)).toEqual(before);
  });

  it('covers every text in pieces of a bounded length that are well-formed', () => {
    const run = fc.oneof(fc.constantFrom(' ', '\n', '\n\n', ' '.repeat(300)), fc.integer({ min: 1, max: 400 }));
    fc.assert(
      fc.property(fc.array(run, { maxLength: 60 }), (runs) => {
        const text = distinctText(runs);
        const chunks = chunkText(text);
        expectCovered(text, chunks);
        for (const chunk of chunks) {
          expect(chunk.length).toBeLessThanOrEqual(500);
          expect(chunk.isWellFormed()).toBe(true);
          expect(chunk.trim()).not.toBe('');
        }
      }),
    );
  });

  it('does not split a grapheme', () => {
    const family = '👨‍👩‍👧‍👦';
    for (const chunk of chunkText(family.repeat(500))) expect(chunk.replaceAll(family, '')).toBe('');
  });
});

describe('chunksToEmbed', () => {
  const paragraphs = (count: number) =>
    Array.from({ length: count }, (_, at) => `Paragraph ${at} ${`says ${at} `.repeat(55)}.`.slice(0, 480)).join('\n\n');

  it('takes every chunk of a text within the limit', () => {
    for (const text of ['', 'short', paragraphs(10), paragraphs(MOST_CHUNKS - 10)]) {
      expect(chunksToEmbed(text)).toEqual({ chunks: chunkText(text), omitted: 0 });
    }
  });

  it('takes the beginning and the end of a longer text, and the number of chunks between', () => {
    const text = paragraphs(700);
    const all = chunkText(text);
    const { chunks, omitted } = chunksToEmbed(text);
    expect(chunks).toHaveLength(MOST_CHUNKS);
    expect(omitted).toBe(all.length - MOST_CHUNKS);
    expect(chunks).toEqual([...all.slice(0, 96), ...all.slice(-32)]);
  });

  it('embeds only the end again when a long text grows', () => {
    const before = new Set(chunksToEmbed(paragraphs(700)).chunks);
    const added = chunksToEmbed(paragraphs(900)).chunks.filter((chunk) => !before.has(chunk));
    expect(added.length).toBeLessThanOrEqual(32);
  });

  it('has a limit for every text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        fc.integer({ min: 1, max: 20_000 }),
        (unit, times) => {
          const { chunks, omitted } = chunksToEmbed(unit.repeat(times));
          expect(chunks.length).toBeLessThanOrEqual(MOST_CHUNKS);
          expect(chunks.length + omitted).toBe(chunkText(unit.repeat(times)).length);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('passageOf', () => {
  const CHUNK =
    'The pool is exhausted because a transaction stays open while the handler waits for the provider, for nine seconds.';

  it('puts the chunk under its heading', () => {
    expect(passageOf(CHUNK, ' Timeouts of the shop ').text).toBe(`Timeouts of the shop\n${CHUNK}`);
    expect(passageOf(CHUNK, '').text).toBe(CHUNK);
  });

  it('identifies the chunk by itself, so that another title embeds nothing again', () => {
    const [one, other] = [passageOf(CHUNK, 'One title'), passageOf(CHUNK, 'Another title')];
    expect(one.hash).toBe(other.hash);
    expect(one.textHash).not.toBe(other.textHash);
    for (const { hash } of [one, passageOf(CHUNK, '')]) {
      expect(isOfChunk(CHUNK, hash)).toBe(true);
      expect(isOfChunk(`${CHUNK}!`, hash)).toBe(false);
    }
  });

  it('puts no short chunk under a heading, which would be the heading once more', () => {
    expect(passageOf('Yes, please', 'A title')).toEqual(passageOf('Yes, please', ''));
  });

  it('embeds again what had no heading before', () => {
    expect(passageOf(CHUNK, 'A title').hash).not.toBe(passageOf(CHUNK, '').hash);
  });

  it('repeats no title that was made from the chunk', () => {
    expect(passageOf(CHUNK, 'The pool is exhausted because…')).toEqual(passageOf(CHUNK, ''));
  });

  it('cuts long titles between characters', () => {
    const { text } = passageOf(CHUNK, '👩‍💻'.repeat(200));
    expect(text.length).toBeLessThan(CHUNK.length + 180);
    expect(text.split('\n')[0]).toBe('👩‍💻'.repeat(text.split('\n')[0]!.length / '👩‍💻'.length));
  });
});
