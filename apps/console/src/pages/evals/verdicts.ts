import type { IconName } from '../../parts/icons.ts';

export const VERDICTS = [
  { status: 'golden', title: 'Golden', key: '1', icon: 'star', meaning: 'an example of how it should be' },
  { status: 'correct', title: 'Correct', key: '2', icon: 'check', meaning: 'it did what was asked' },
  { status: 'incorrect', title: 'Incorrect', key: '3', icon: 'close', meaning: 'it did not' },
  { status: 'needs_review', title: 'Look again', key: '4', icon: 'eye', meaning: 'it stays in the queue' },
] as const satisfies readonly { status: string; title: string; key: string; icon: IconName; meaning: string }[];
export type Verdict = (typeof VERDICTS)[number]['status'];

export function titleOf(status: string | null): string {
  return VERDICTS.find((one) => one.status === status)?.title ?? 'Not judged';
}

/** The tags that a person typed, separated by commas: trimmed, each once. */
export function tagsIn(text: string): string[] {
  return [
    ...new Set(
      text
        .split(',')
        .map((tag) => tag.trim())
        .filter((tag) => tag !== ''),
    ),
  ];
}
