import type { AppError } from '@opensync/platform';
import { parseBody } from '../input.ts';
import { bulkSchema } from './bulk.ts';
import { patchSchema } from './patch.ts';

/** The place of the first problem; undefined if there is none. */
function problemOf(schema: Parameters<typeof parseBody>[0], body: unknown): string | undefined {
  try {
    parseBody(schema, body);
    return undefined;
  } catch (error) {
    return (error as AppError).details?.[0]?.path;
  }
}

describe('the body of PATCH /api/sessions/:id', () => {
  it.each<[string, unknown, string]>([
    ['nothing', {}, ''],
    ['a list', [], ''],
    ['an unknown field', { titel: 'x' }, 'titel'],
    ['an empty title', { title: '  ' }, 'title'],
    ['a long title', { title: 'x'.repeat(4_097) }, 'title'],
    ['a title that is null', { title: null }, 'title'],
    ['another visibility', { visibility: 'public' }, 'visibility'],
    ['another verdict', { evalStatus: 'good' }, 'evalStatus'],
    ['a flag as text', { evalReady: 'true' }, 'evalReady'],
    ['long notes', { evalNotes: 'x'.repeat(4_097) }, 'evalNotes'],
    ['a long output', { expectedOutput: 'x'.repeat(16_385) }, 'expectedOutput'],
    ['a long tag', { evalTags: ['x'.repeat(65)] }, 'evalTags.0'],
    ['an empty tag', { evalTags: [' '] }, 'evalTags.0'],
    ['many tags', { evalTags: Array.from({ length: 33 }, (_, n) => `t${n}`) }, 'evalTags'],
    ['an end that is no time', { expiresAt: 'soon' }, 'expiresAt'],
  ])('cannot be %s', (_, body, path) => {
    expect(problemOf(patchSchema, body)).toBe(path);
  });

  it('has well-formed texts, and each tag once', () => {
    const { title, evalTags } = parseBody(patchSchema, { title: 'a\ud800', evalTags: ['b', ' b ', 'c'] });
    expect([title, evalTags]).toEqual(['a\ufffd', ['b', 'c']]);
  });
});

describe('the body of POST /api/sessions/bulk', () => {
  it.each<[string, unknown, string]>([
    ['no command', { ids: ['a'] }, 'command'],
    ['another command', { command: 'publish', ids: ['a'] }, 'command'],
    ['neither ids nor a filter', { command: 'delete' }, ''],
    ['both', { command: 'delete', ids: ['a'], filter: {} }, ''],
    ['no ids', { command: 'delete', ids: [] }, 'ids'],
    ['many ids', { command: 'delete', ids: Array.from({ length: 201 }, (_, n) => `${n}`) }, 'ids'],
    ['an unknown filter', { command: 'delete', filter: { sauce: 'x' } }, 'filter.sauce'],
    ['a filter of the trash', { command: 'restore', filter: {} }, 'filter'],
    ['a public link', { command: 'set', ids: ['a'], set: { isPublic: true } }, 'set.isPublic'],
    ['nothing to set', { command: 'set', ids: ['a'], set: {} }, 'set'],
    ['a large limit', { command: 'delete', filter: {}, limit: 201 }, 'limit'],
  ])('cannot have %s', (_, body, path) => {
    expect(problemOf(bulkSchema, body)).toBe(path);
  });
});
