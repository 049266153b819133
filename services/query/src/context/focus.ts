import type { ParsedQuery } from '@opensync/stores';

/** Characters (UTF-16) of a stretch whose words are counted together. */
const STRETCH = 600;
/** Of a query as long as a stack trace not every word is looked for. */
const MOST_NEEDLES = 64;
const MOST_HITS = 2_000;
const ROUNDING = 1e-9;
const LETTER = /[\p{L}\p{N}]/u;

/** The words of a query, and the parts of its identifiers, as {@link bestPlace} looks for them. */
export function needlesOf({ all }: Pick<ParsedQuery, 'all'>): string[] {
  const words = all.flatMap(({ words: whole, parts = [], forms = [] }) => [...whole, ...parts, ...forms]);
  return [...new Set(words.map((word) => word.toLowerCase()).filter((word) => word !== ''))].slice(0, MOST_NEEDLES);
}

/**
 * The rarest word in the stretch that says most of the words, the rarer the more; undefined if the text has none.
 * Approximate, because it only chooses what to quote: a word matches where a word of the text begins with it. Pure.
 */
export function bestPlace(text: string, needles: readonly string[]): number | undefined {
  const lower = text.toLowerCase();
  // Lower case can have another length; then offsets would be wrong.
  const searched = lower.length === text.length ? lower : text;
  const places = needles.map((needle) => placesOf(searched, needle));
  const weights = places.map(({ length }) => 1 / (1 + Math.log2(Math.max(1, length))));
  const hits = places.flatMap((of, needle) => of.map((at) => ({ at, needle }))).sort((a, b) => a.at - b.at);
  const within = needles.map(() => 0);
  let [end, weight] = [0, 0];
  let best: { readonly at: number; readonly weight: number } | undefined;
  for (const { at, needle } of hits) {
    for (; end < hits.length && hits[end]!.at < at + STRETCH; end += 1) {
      const next = hits[end]!.needle;
      if (within[next]!++ === 0) weight += weights[next]!;
    }
    if (!best || weight > best.weight + ROUNDING) best = { at, weight };
    if (--within[needle]! === 0) weight -= weights[needle]!;
  }
  if (!best) return undefined;
  const { at: start } = best;
  const stretch = hits.filter(({ at }) => at >= start && at < start + STRETCH);
  return stretch.reduce((rarest, hit) => (weights[hit.needle]! > weights[rarest.needle]! ? hit : rarest)).at;
}

function placesOf(text: string, needle: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(needle); at >= 0 && places.length < MOST_HITS; at = text.indexOf(needle, at + 1)) {
    if (at === 0 || !LETTER.test(text[at - 1]!) || !LETTER.test(needle[0]!)) places.push(at);
  }
  return places;
}
