import { diffOf, patchLines } from './diff.ts';

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `line ${n}`);

it('shows a change with the lines around it', () => {
  const before = numbered(20);
  const after = before.with(10, 'changed');
  const kinds = diffOf(before.join('\n'), after.join('\n')).map(({ kind }) => kind);
  expect(kinds).toEqual(['gap', 'same', 'same', 'same', 'removed', 'added', 'same', 'same', 'same', 'gap']);
});

it('shows new and removed texts as such', () => {
  expect(diffOf('', 'a\nb\n')).toEqual([
    { kind: 'added', text: 'a' },
    { kind: 'added', text: 'b' },
  ]);
  expect(diffOf('a', '')).toEqual([{ kind: 'removed', text: 'a' }]);
});

it('shows texts that are too long to compare one after the other', () => {
  const long = 'x\n'.repeat(150_000);
  const kinds = new Set(diffOf(long, `${long}y`).map(({ kind }) => kind));
  expect([...kinds]).toEqual(['removed', 'added']);
});

it('reads the lines of a patch', () => {
  expect(patchLines('*** Update File: a\n@@ x\n-old\n+new\n same').map(({ kind }) => kind)).toEqual([
    ...['gap', 'gap', 'removed', 'added', 'same'],
  ]);
});
