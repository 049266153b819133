/** Words in a row that are compared. */
const WORDS = 3;
/** The beginning of a long text is compared. */
const MOST_WORDS = 600;
const WORD = /[\p{L}\p{N}_]+/gu;

/** A text as the set of its runs of three words, without case and punctuation. Pure. */
export function shinglesOf(text: string): ReadonlySet<string> {
  const words: string[] = [];
  for (const [word] of text.matchAll(WORD)) {
    if (words.push(word.toLowerCase()) === MOST_WORDS) break;
  }
  if (words.length <= WORDS) return new Set(words.length === 0 ? [] : [words.join(' ')]);
  return new Set(words.slice(WORDS - 1).map((_, at) => words.slice(at, at + WORDS).join(' ')));
}

/** Jaccard similarity of two sets, 0 to 1; 0 if both are empty. */
export function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size > b.size) return similarity(b, a);
  let common = 0;
  for (const one of a) if (b.has(one)) common += 1;
  return common === 0 ? 0 : common / (a.size + b.size - common);
}
