import type { Outline } from '../../api/types.ts';
import { nextPlace, rowsOf, shownRows, turnsOf, USUAL_GROUPS } from './transcript.ts';

const KINDS = ['prompt', 'text', 'tool-call', 'tool-result', 'reasoning', 'media', 'other', 'empty'] as const;
const outline: Outline = {
  sessionId: 'ses_1',
  roles: ['user', 'assistant', 'tool'],
  kinds: [...KINDS],
  tools: ['Bash', 'Edit'],
  columns: {
    id: ['a', 'b', 'c', 'd', 'e', 'f'],
    position: ['1', '2', '3', '4', '5', '6'],
    role: [0, 1, 2, 1, 0, 1],
    kind: [0, 2, 3, 2, 0, 7],
    tools: [[], [0], [0], [1], [], []],
    error: [0, 0, 1, 0, 0, 0],
    tokens: [0, 1, 2, 3, 4, 5],
    createdAt: [1, 2, 3, 4, 5, 6],
    height: [1, 1, 1, 1, 1, 1],
  },
  cursor: null,
};
const rows = rowsOf(outline);

it('reads columns as rows', () => {
  expect(rows[2]).toEqual({
    ...{ id: 'c', position: '3', role: 'tool', kind: 'tool-result', tools: ['Bash'] },
    ...{ isError: true, tokens: 2, createdAt: 3, height: 1 },
  });
});

it('counts what follows each prompt', () => {
  expect(turnsOf(rows).map(({ at, messages, tools, errors }) => [at, messages, tools, errors])).toEqual([
    [0, 4, 2, 1],
    [4, 2, 0, 0],
  ]);
});

it('shows results only with their calls, and leaves out empty messages, unless asked for', () => {
  const ids = (...groups: Parameters<typeof shownRows>[1] extends ReadonlySet<infer Group> ? Group[] : never) =>
    shownRows(rows, new Set(groups), 'normal').map(({ id }) => id);
  expect(ids(...USUAL_GROUPS)).toEqual(['a', 'b', 'd', 'e']);
  expect(ids('results')).toEqual(['c']);
  expect(shownRows(rows, new Set(USUAL_GROUPS), 'focus').map(({ id }) => id)).toEqual(['a', 'e']);
});

it.each([
  [0, 'prompt', 1, 4],
  [4, 'prompt', 1, -1],
  [4, 'prompt', -1, 0],
  [0, 'error', 1, 2],
  [0, 'edit', 1, 3],
] as const)('from %d the next %s in direction %d is %d', (from, kind, step, found) => {
  expect(nextPlace(rows, from, kind, step)).toBe(found);
});
