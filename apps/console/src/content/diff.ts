import { diffLines } from 'diff';

export interface DiffLine {
  readonly kind: 'added' | 'removed' | 'same' | 'gap';
  readonly text: string;
}

/** Unchanged lines around a change. */
const CONTEXT = 3;
/** Beyond this the texts are shown one after the other: comparing them takes too long. */
const LONGEST = 200_000;
const TIMEOUT_MS = 100;

/** The lines of a change, with the unchanged ones around them. */
export function diffOf(before: string, after: string): DiffLine[] {
  const changes =
    before.length + after.length > LONGEST ? undefined : diffLines(before, after, { timeout: TIMEOUT_MS });
  if (!changes) return [...lines(before, 'removed'), ...lines(after, 'added')];
  return changes.flatMap(({ value, added, removed }, index) => {
    if (added) return lines(value, 'added');
    if (removed) return lines(value, 'removed');
    const same = lines(value, 'same');
    const isFirst = index === 0;
    const isLast = index === changes.length - 1;
    const head = isFirst ? 0 : CONTEXT;
    const tail = isLast ? 0 : CONTEXT;
    if (same.length <= head + tail + 1) return same;
    const gap: DiffLine = { kind: 'gap', text: `${same.length - head - tail} unchanged lines` };
    return [...same.slice(0, head), gap, ...same.slice(same.length - tail)];
  });
}

/** The lines of a text that is a diff already, such as that of `apply_patch` or `git diff`. */
export function patchLines(patch: string): DiffLine[] {
  return patch.split('\n').map((line): DiffLine => {
    if (/^(@@|diff |index |--- |\+\+\+ |\*\*\* )/.test(line)) return { kind: 'gap', text: line };
    if (line.startsWith('+')) return { kind: 'added', text: line.slice(1) };
    if (line.startsWith('-')) return { kind: 'removed', text: line.slice(1) };
    return { kind: 'same', text: line.replace(/^ /, '') };
  });
}

function lines(text: string, kind: DiffLine['kind']): DiffLine[] {
  const all = text.split('\n');
  if (all.at(-1) === '') all.pop();
  return all.map((line) => ({ kind, text: line }));
}
