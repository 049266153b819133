import type { RollupRow } from '../rollup-rows.ts';

/** Digits of a time in milliseconds and of a sequence, each up to 2^53. */
const DIGITS = 16;

/**
 * A value after the place of its message in the session: the least of such texts has the first message's value, so
 * `$min` finds it while the pipeline sums.
 */
export function placed(
  { createdAt, sequence }: { readonly createdAt: number; readonly sequence: number },
  value: string | null,
): string | null {
  if (value === null) return null;
  return `${String(createdAt).padStart(DIGITS, '0')}${String(sequence).padStart(DIGITS, '0')}${value}`;
}

/** The value without its place. */
export function placedValue(text: string | null): string | null {
  return text === null ? null : text.slice(2 * DIGITS);
}

/** A rollup whose names are the least placed ones, reduced to the names. */
export function unplaced({ prompt, model, provider, ...counted }: RollupRow): RollupRow {
  return { ...counted, prompt: placedValue(prompt), model: placedValue(model), provider: placedValue(provider) };
}
