/**
 * Whether a word is English: then it is taken literally, even if no session contains it. Uses the dictionary of
 * Hunspell (SCOWL), read on first use; a technical term that it lacks counts as unknown.
 */
export async function isEnglishWord(word: string): Promise<boolean> {
  return isInDictionary(await (loading ??= load()), word);
}

let loading: Promise<Dictionary> | undefined;

interface Affix {
  readonly flag: string;
  /** What is cut off before the affix is added. */
  readonly strip: string;
  readonly add: string;
  readonly condition: RegExp;
}

interface Dictionary {
  /** Flags by word, in small letters. */
  readonly words: ReadonlyMap<string, string>;
  readonly prefixes: readonly Affix[];
  readonly suffixes: readonly Affix[];
}

async function load(): Promise<Dictionary> {
  const { default: files } = await import('dictionary-en');
  const decoder = new TextDecoder();
  return dictionaryOf(decoder.decode(files.aff), decoder.decode(files.dic));
}

/** Reads the two files of a Hunspell dictionary, as far as English needs it: see hunspell(5). Flags are single characters. */
export function dictionaryOf(aff: string, dic: string): Dictionary {
  const words = new Map<string, string>();
  for (const line of dic.split('\n').slice(1)) {
    const [word = '', flags = ''] = line.trim().split('/');
    const small = word.toLowerCase();
    if (word !== '') words.set(small, (words.get(small) ?? '') + flags);
  }
  const affixes = (kind: 'PFX' | 'SFX') =>
    [...aff.matchAll(new RegExp(String.raw`^${kind} +(\S) +(\S+) +(\S+) +(\S+)\s*$`, 'gm'))].map(
      ([, flag, strip, add, condition]): Affix => ({
        flag: flag!,
        strip: strip === '0' ? '' : strip!,
        add: add!.split('/')[0]!,
        condition: new RegExp(kind === 'SFX' ? `${condition}$` : `^${condition}`),
      }),
    );
  return { words, prefixes: affixes('PFX'), suffixes: affixes('SFX') };
}

/** The word itself, or one with a prefix, a suffix, or both. @param word in small letters */
export function isInDictionary({ words, prefixes, suffixes }: Dictionary, word: string): boolean {
  const has = (base: string, ...flags: string[]) => {
    const known = words.get(base);
    return known !== undefined && flags.every((flag) => known.includes(flag));
  };
  const withSuffix = (text: string, ...flags: string[]) =>
    suffixes.some(({ flag, strip, add, condition }) => {
      if (!text.endsWith(add) || text.length <= add.length) return false;
      const base = text.slice(0, -add.length) + strip;
      return condition.test(base) && has(base, flag, ...flags);
    });
  return (
    has(word) ||
    withSuffix(word) ||
    prefixes.some(({ flag, strip, add, condition }) => {
      if (!word.startsWith(add)) return false;
      const base = strip + word.slice(add.length);
      return condition.test(base) && (has(base, flag) || withSuffix(base, flag));
    })
  );
}
