import { createHash } from 'node:crypto';

export const DIMENSIONS = 512;

/** Gives each text a vector of its own. */
export function fakeEmbedder() {
  const embedded = new Map<string, number>();
  const embed = async (texts: readonly string[]) =>
    texts.map((text) => {
      embedded.set(text, (embedded.get(text) ?? 0) + 1);
      // Far from every other text, in every dimension: the store looks at the signs first.
      const signs = createHash('shake256', { outputLength: DIMENSIONS }).update(text).digest();
      return Float32Array.from(signs, (byte) => (byte < 128 ? -1 : 1) / Math.sqrt(DIMENSIONS));
    });
  return { embed, embedded };
}
