import { z } from 'zod';
import { inQuery, instant, limitOf, onlyFields, parseInput, sessionFilterFields, withoutEmpty } from './input.ts';

describe('instant', () => {
  it.each([
    [1_767_225_600_000, 1_767_225_600_000],
    ['1767225600000', 1_767_225_600_000],
    ['2026-01-01', 1_767_225_600_000],
    ['2026-01-01T00:00:00Z', 1_767_225_600_000],
    ['2026-01-01T00:00', 1_767_225_600_000],
    ['2026-01-01T02:00:00.500+02:00', 1_767_225_600_500],
    [0, 0],
  ])('reads %j', (sent, ms) => {
    expect(instant.parse(sent)).toBe(ms);
  });

  it.each([
    'May',
    'yesterday',
    '2026-13-01',
    '2026-02-30',
    '2026-01-01T25:00',
    '-1',
    -1,
    Infinity,
    NaN,
    '99999999999999999',
    true,
    [1],
  ])('refuses %j', (sent) => {
    expect(instant.safeParse(sent).success).toBe(false);
  });
});

describe('parseInput', () => {
  it('names each parameter that is wrong', () => {
    const schema = z.object({ limit: inQuery(limitOf(100, 20)), ...sessionFilterFields });
    expect(() => parseInput(schema, { limit: '101', from: 'soon', source: ['a', 'b'], tag: 'x' })).toThrow(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        details: expect.arrayContaining([
          expect.objectContaining({ path: 'limit' }),
          expect.objectContaining({ path: 'from' }),
          expect.objectContaining({ path: 'source' }),
          { path: 'tag', message: 'is not supported yet' },
        ]),
      }),
    );
  });

  it('names what it does not know, with what there is', () => {
    const schema = onlyFields({ limit: inQuery(limitOf(100, 20)), ...sessionFilterFields });
    expect(() => parseInput(schema, { limt: '3', sourc: 'x' })).toThrow(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        details: ['limt', 'sourc'].map((path) => ({
          path,
          message: 'is not known; valid are limit, source, model, project, from, to',
        })),
      }),
    );
  });

  it('takes an empty parameter for none', () => {
    const schema = onlyFields({ limit: inQuery(limitOf(100, 20)), ...sessionFilterFields });
    expect(parseInput(schema, withoutEmpty({ limit: '', source: '', tag: '', colour: '' }))).toEqual({ limit: 20 });
  });
});
