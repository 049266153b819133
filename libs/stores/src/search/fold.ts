const ASCII = /^[\x00-\x7f]*$/;

/**
 * Marks that are dropped: Latin, Greek, Cyrillic accents, Hebrew points, Arabic vowel signs and tatweel, variation
 * selectors, enclosing marks. Not those of other scripts, where a mark is a vowel or another consonant.
 */
const ACCENTS = /[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670\u20d0-\u20ff\ufe00-\ufe0f]/g;
/** Letters that stay distinct under NFKD but that people type without: both spellings match each other. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ς: 'σ',
};
const FOLDED_LETTERS = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g');

/** Case, compatibility forms and diacritics folded. The length may change. */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD')
    .replace(ACCENTS, '')
    .replace(FOLDED_LETTERS, (letter) => LETTERS[letter] ?? letter)
    .normalize('NFKC');
}
