import type { ParsedQuery } from '@opensync/stores';

/** Characters (UTF-16) of a stretch whose words are counted together. */
const STRETCH = 600;
/** Of a query as long as a stack trace not every word is looked for. */
const MOST_NEEDLES = 64;
const MOST_HITS = 32;
const LETTER = /[\p{L}\p{N}]/u;

/** The words of a query, and the parts of its identifiers, as {@link bestPlace} looks for them. */
export function needlesOf({ all }: Pick<ParsedQuery, 'all'>): string[] {
  const words = all.flatMap(({ words: whole, parts = [], forms = [] }) => [...whole, ...parts, ...forms]);
  return [...new Set(words.map((word) => word.toLowerCase()).filter((word) => word !== ''))].slice(0, MOST_NEEDLES);
}

/**
 * Where the stretch with most of the words begins; undefined if the text has none. Approximate, as it only chooses what
 * to quote: a word matches where a word of the text begins with it. Pure.
 */
export function bestPlace(text: string, needles: readonly string[]): number | undefined {
  const lower = text.toLowerCase();
  // Lower case can have another length; then offsets would be wrong.
  const searched = lower.length === text.length ? lower : text;
  const hits = needles.flatMap((needle, word) => placesOf(searched, needle).map((at) => ({ at, word })));
  hits.sort((a, b) => a.at - b.at);
  let best: { at: number; words: number; hits: number } | undefined;
  for (let first = 0; first < hits.length; first += 1) {
    const words = new Set<number>();
    let count = 0;
    for (let next = first; next < hits.length && hits[next]!.at < hits[first]!.at + STRETCH; next += 1) {
      words.add(hits[next]!.word);
      count += 1;
    }
    if (!best || words.size > best.words || (words.size === best.words && count > best.hits)) {
      best = { at: hits[first]!.at, words: words.size, hits: count };
    }
  }
  return best?.at;
}

function placesOf(text: string, needle: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(needle); at >= 0 && places.length < MOST_HITS; at = text.indexOf(needle, at + 1)) {
    if (at === 0 || !LETTER.test(text[at - 1]!) || !LETTER.test(needle[0]!)) places.push(at);
  }
  return places;
}
