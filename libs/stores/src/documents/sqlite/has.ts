/** What a message has, as bits of its column `has`, so that indexes answer it; the values are in the message's state. */
export const HAS = { prompt: 1, model: 2, provider: 4, media: 8 } as const;

/** What the first message that has it names its session by. */
export const NAMES = ['prompt', 'model', 'provider'] as const;
export type NamedBy = (typeof NAMES)[number];
