import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { AppError } from '../errors.ts';
import { JsonShape, MOST_LEVELS, MOST_VALUE_BYTES } from './json-shape.ts';

function shapeOf(text: string | Buffer, pieceBytes = Infinity): JsonShape {
  const bytes = Buffer.from(text);
  const shape = new JsonShape();
  for (let at = 0; at < bytes.length; at += pieceBytes) shape.add(bytes.subarray(at, at + pieceBytes));
  return shape;
}

/** By walking the parsed value: what the scanner must find without one. */
function walked(value: unknown): { depth: number; bytes: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, bytes: 16 };
  const members = Object.values(value).map(walked);
  return {
    depth: 1 + Math.max(0, ...members.map(({ depth }) => depth)),
    bytes:
      64 +
      (Array.isArray(value) ? 0 : members.length * 96) +
      (members.length === 0 ? 16 : members.reduce((sum, { bytes }) => sum + bytes, 0)),
  };
}

const refusal = (run: () => unknown): AppError => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return error as AppError;
  }
  throw new Error('was not refused');
};

describe('JsonShape', () => {
  it('counts the values of any JSON and its levels, wherever the text is cut', () => {
    const json = fc.oneof(
      fc.jsonValue({ maxDepth: 6 }),
      fc.array(fc.string({ unit: fc.constantFrom('"', '\\', 'x', '{', '[', ',', ':', 'é', '\n'), maxLength: 200 })),
    );
    fc.assert(
      fc.property(json, fc.boolean(), fc.integer({ min: 1, max: 70 }), (value, isIndented, pieceBytes) => {
        const text = JSON.stringify(value, null, isIndented ? 2 : 0);
        const { depth, valueBytes } = shapeOf(text, pieceBytes);
        expect({ depth, bytes: valueBytes }).toEqual(walked(JSON.parse(text)));
      }),
    );
  });

  it.each([
    ['structure in a string', '["[[[{,:"]', 1],
    ['an escaped quote', String.raw`["\"[", [1]]`, 2],
    ['a backslash in front of the closing quote', String.raw`["\\", [1]]`, 2],
    ['many of them', `["${'\\\\'.repeat(50)}", [1]]`, 2],
    ['many and an escaped quote', `["${'\\\\'.repeat(50)}\\"[[[", [1]]`, 2],
    ['a long string', `["${'x'.repeat(5_000)}", [1]]`, 2],
    ['a long string with quotes', `["${'x'.repeat(100)}\\"${'x'.repeat(100)}[", [1]]`, 2],
    ['JSON in a string', JSON.stringify([JSON.stringify({ a: [[[JSON.stringify([[1]])]]] }), [1]]), 2],
    ['a string that does not end', '["[[[[', 1],
  ])('knows where a string ends: %s', (_name, text, depth) => {
    for (const pieceBytes of [1, 2, 3, 7, 33, Infinity]) expect(shapeOf(text, pieceBytes).depth).toBe(depth);
  });

  it('refuses deep nesting at the piece that is too deep', () => {
    const shape = new JsonShape();
    const levels = Buffer.alloc(MOST_LEVELS, '[');
    shape.add(levels);
    expect(refusal(() => shape.add(Buffer.from('[')))).toMatchObject({
      code: 'INVALID_REQUEST',
      message: 'The body is nested on more than 16384 levels',
    });
    expect(() => shapeOf(`${'[1],'.repeat(MOST_LEVELS)}`)).not.toThrow();
  });

  it.each([
    ['empty objects', '{},'],
    ['empty arrays', '[],'],
    ['names', '"a":1,'],
    ['objects with a name', '{"a":1},'],
    ['numbers', '1,'],
  ])('refuses too many values: %s', (_name, value) => {
    const text = `[${value.repeat(10 * 1024 * 1024)}`.slice(0, 10 * 1024 * 1024);
    expect(refusal(() => shapeOf(text, 64 * 1024))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it.each([
    [
      'an image of 2.8 MB as an array of numbers',
      () => ({ data: Array.from({ length: 2_800_000 }, (_, n) => n % 256) }),
    ],
    ['one text', () => ({ textContent: '[{"a":1},'.repeat(800_000) })],
    [
      'the largest batch of small messages',
      () => ({
        messages: Array.from({ length: 20_000 }, (_, n) => ({
          sessionExternalId: 'session',
          externalId: `message-${n}`,
          role: 'assistant',
          model: 'a-model',
          createdAt: 1_700_000_000_000 + n,
          usage: { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 3, cache_creation_input_tokens: 4 },
          content: [{ type: 'text', text: 'The words of a message, which are longer than this. '.repeat(4) }],
        })),
      }),
    ],
  ])('lets through what a plugin sends: %s', (_name, make) => {
    const body = JSON.stringify(make());
    expect(body.length).toBeLessThanOrEqual(10 * 1024 * 1024);
    expect(shapeOf(body).valueBytes).toBeLessThanOrEqual(MOST_VALUE_BYTES);
  });

  it('is not slowed down by escapes', () => {
    // Each quote is a new search for the end: quadratic, this would take minutes.
    const hostile = gunzipSync(gzipSync(`["${'\\\\'.repeat(2_000_000)}\\"${`${'x'.repeat(40)}\\"`.repeat(100_000)}"]`));
    expect(shapeOf(hostile).depth).toBe(1);
  });
});
