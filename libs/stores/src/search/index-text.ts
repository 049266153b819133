import { normalText } from './normal.ts';
import { isNoiseLine, textsOfParts, words } from './tokens.ts';

/** Stands between two identifiers' parts, so that no phrase reaches over. No query can contain it. */
export const GAP = '‖';

export interface IndexText {
  /** All words. */
  readonly words: string;
  /**
   * The parts of identifiers that have several, each with what it is joined to (`src use auth ts` of
   * `src/useAuth.ts`), so that `auth.ts` is found in it. Plain words are not repeated.
   */
  readonly parts: string;
}

/** Most of a text is words seen before; splitting those again would cost more than writing the index. */
const seen = new Map<string, IndexText>();
const MOST_SEEN = 20_000;
const LONGEST_SEEN = 64;

/** A text as an engine indexes it: tokens separated by single blanks. */
export function indexText(text: string): IndexText {
  const all: string[] = [];
  const parts: string[] = [];
  let wasNoise = false;
  // Neither a word nor a compound holds a blank, so each run between blanks stands for itself.
  for (const run of normalText(text).match(/\S+/g) ?? []) {
    // Of base64 in lines the first says enough.
    const isNoise = isNoiseLine(run, wasNoise);
    if (isNoise && wasNoise) continue;
    wasNoise = isNoise;
    let tokens = seen.get(run);
    if (!tokens) {
      tokens = indexRun(run);
      if (seen.size >= MOST_SEEN) seen.clear();
      if (run.length <= LONGEST_SEEN) seen.set(run, tokens);
    }
    if (tokens.words) all.push(tokens.words);
    if (tokens.parts) parts.push(tokens.parts);
  }
  return { words: all.join(' '), parts: parts.join(' ') };
}

function indexRun(run: string): IndexText {
  const all: string[] = [];
  const parts: string[] = [];
  let compound: string[] = [];
  let divided = false;
  const closeCompound = () => {
    if (divided) parts.push(...compound, GAP);
    compound = [];
    divided = false;
  };
  const found = words(run);
  for (const word of found) {
    all.push(word.text);
    if (!word.joined) closeCompound();
    compound.push(...textsOfParts(word));
    divided ||= word.parts.length > 0;
  }
  closeCompound();
  for (const { joins } of found) if (joins.length > 0) parts.push(...joins.map(({ text }) => text), GAP);
  return { words: all.join(' '), parts: parts.join(' ') };
}
