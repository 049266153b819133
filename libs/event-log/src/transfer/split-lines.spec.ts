import fc from 'fast-check';
import { encodeLine } from './lines.ts';
import { splitLines } from './split-lines.ts';

async function* inChunks(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe('lines of an export', () => {
  it('are split only at line feeds, wherever the chunks end', async () => {
    const anyText = fc.string({ unit: fc.constantFrom('a', 'ä', '\u2028', '\u2029', '\u0085', '\r', '😀', '"') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyText, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        async (lines, sizes) => {
          const text = lines.map((line) => `${line}\n`).join('');
          expect(await Array.fromAsync(splitLines(inChunks(text, sizes)))).toEqual(lines);
        },
      ),
    );
    expect(await Array.fromAsync(splitLines(inChunks('one\nunfinished', [5])))).toEqual(['one', 'unfinished']);
  });

  it('contain no separator at which another reader would split, and keep their meaning', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (body) => {
        const text = `${body}\u2028${body}\u2029`;
        const line = encodeLine({ kind: 'event', sequence: 1, subject: 's', headers: [], body: text });
        expect(line.slice(0, -1)).not.toMatch(/[\n\u2028\u2029]/);
        expect(JSON.parse(line)).toMatchObject({ body: text });
      }),
    );
  });
});
