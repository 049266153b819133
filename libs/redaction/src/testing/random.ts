const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';

export const HEX = `${DIGITS}abcdef`;
export const ALPHANUMERIC = UPPER + LOWER + DIGITS;
export const CAPITALS = UPPER + DIGITS;
export const BASE64 = `${ALPHANUMERIC}+/`;
export const URL_SAFE = `${ALPHANUMERIC}-_`;

/** The corpus holds no key in plain text, which scanners of repositories would report: its values are made here, always the same. */
export function randomText(length: number, alphabet = ALPHANUMERIC, seed = 1): string {
  let state = (seed * 2654435761 + length) >>> 0;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += alphabet[Math.floor((state / 2 ** 32) * alphabet.length)];
  }
  return text;
}
