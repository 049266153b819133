const ENGLISH = /^[a-z]{4,24}$/;
const VOWEL = /[aeiouy]/;
/** `stop` doubles its last letter in `stopped`. */
const DOUBLING = /[^aeiou][aeiou][bdgklmnprt]$/;

/**
 * Inflected forms of an English word: `updates`, `updated`, `updating`, `update` of each other. Only regular ones,
 * and some that do not exist: they are only searched. The word itself is not included. For searches that accept near
 * matches; forms never decide which words are required.
 */
export function formsOf(word: string): string[] {
  if (!ENGLISH.test(word)) return [];
  const forms = new Set<string>();
  const bases = basesOf(word);
  for (const base of bases.length > 0 ? bases : [word]) {
    forms.add(base);
    for (const form of inflected(base)) forms.add(form);
  }
  forms.delete(word);
  return [...forms];
}

/** What a word may be a form of; empty if it looks like no form. */
function basesOf(word: string): string[] {
  const without = (ending: string) => {
    const base = word.slice(0, -ending.length);
    return word.endsWith(ending) && base.length >= 2 && VOWEL.test(base) ? base : undefined;
  };
  const ing = without('ing');
  const ed = without('ed');
  const verb = ing ?? (word.endsWith('ied') ? undefined : ed);
  if (verb !== undefined && verb.length >= 3) {
    const isDoubled = verb.at(-1) === verb.at(-2);
    return [verb, `${verb}e`, ...(isDoubled ? [verb.slice(0, -1)] : [])];
  }
  const y = without('ies') ?? without('ied');
  if (y !== undefined) return [`${y}y`, `${y}ie`];
  const es = /(?:s|x|z|ch|sh)es$/.test(word) ? without('es') : undefined;
  const s = word.endsWith('ss') || word.endsWith('us') || word.endsWith('is') ? undefined : without('s');
  return [...(es === undefined ? [] : [es]), ...(s === undefined ? [] : [s])];
}

function inflected(base: string): string[] {
  if (base.endsWith('e')) return [`${base}s`, `${base}d`, `${base.slice(0, -1)}ing`];
  if (/[^aeiou]y$/.test(base)) {
    const stem = base.slice(0, -1);
    return [`${stem}ies`, `${stem}ied`, `${base}ing`];
  }
  const plural = /(?:s|x|z|ch|sh)$/.test(base) ? `${base}es` : `${base}s`;
  const doubled = DOUBLING.test(base) ? [`${base}${base.at(-1)}ed`, `${base}${base.at(-1)}ing`] : [];
  return [plural, `${base}ed`, `${base}ing`, ...doubled];
}
