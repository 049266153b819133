/** Of each, `system` comes first: what the system or the browser says, or the usual. */
export const THEMES = ['system', 'light', 'dark'] as const;
export const CONTRASTS = ['system', 'more'] as const;
export const DENSITIES = ['system', 'compact'] as const;

export type Theme = (typeof THEMES)[number];
export type Contrast = (typeof CONTRASTS)[number];
export type Density = (typeof DENSITIES)[number];

/** A stored choice, or the usual one if it is none of these. Pure. */
export function chosenOf<Value extends string>(values: readonly Value[], stored: string | null): Value {
  return values.find((value) => value === stored) ?? values[0]!;
}
