/** What the first message that has it names its session by, as a bit of the column `names`; the value is in the message's state. */
export const NAME_BITS = { prompt: 1, model: 2, provider: 4 } as const;
export type NamedBy = keyof typeof NAME_BITS;
export const NAMES = Object.keys(NAME_BITS) as NamedBy[];
