/**
 * Which names a message has, as bits of its column `has`, so that indexes can answer; the values are in the message's
 * state.
 */
export const HAS = { prompt: 1, model: 2, provider: 4, media: 8 } as const;

/** The bits for names that the first message with them gives to its session. */
export const NAMES = ['prompt', 'model', 'provider'] as const;
export type NamedBy = (typeof NAMES)[number];
