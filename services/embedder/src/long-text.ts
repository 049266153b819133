/**
 * Splits a text until each piece fits: in halves, at the white space nearest to the middle, so that pieces have
 * similar sizes and whole words. The pieces joined are the text. A single character always fits.
 */
export function splitToFit(text: string, fits: (piece: string) => boolean): string[] {
  if (text.length < 2 || fits(text)) return [text];
  const cut = cutNearMiddle(text);
  if (cut === 0) return [text];
  return [...splitToFit(text.slice(0, cut), fits), ...splitToFit(text.slice(cut), fits)];
}

/** Where to cut, or 0 if the text is one character (of two UTF-16 units) and cannot be cut. */
function cutNearMiddle(text: string): number {
  const middle = text.length >> 1;
  const reach = middle >> 1;
  for (let distance = 0; distance < reach; distance++) {
    if (isSpace(text, middle + distance)) return middle + distance + 1;
    if (isSpace(text, middle - distance)) return middle - distance + 1;
  }
  const insidePair = isHighSurrogate(text, middle - 1) && isLowSurrogate(text, middle);
  if (!insidePair) return middle;
  return text.length > 2 ? middle + 1 : 0;
}

function isSpace(text: string, index: number): boolean {
  return /\s/.test(text.charAt(index));
}

function isHighSurrogate(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xd800;
}

function isLowSurrogate(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00;
}

/**
 * The vector scaled to length 1, which makes cosine similarity a dot product.
 * @throws RangeError if it cannot be normalized: all zeros, or values that are not finite.
 */
export function toUnitLength(vector: ArrayLike<number>): Float32Array {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += vector[i]! * vector[i]!;
  const length = Math.sqrt(squares);
  if (!(length > 0 && length < Infinity)) throw new RangeError('a vector that cannot be normalized');
  return Float32Array.from(vector, (value) => value / length);
}

/**
 * One vector for a text that was read in pieces: their mean, weighted by length, scaled to length 1. This follows
 * OpenAI's cookbook for texts beyond a model's context.
 */
export function meanVector(pieces: readonly { vector: ArrayLike<number>; weight: number }[]): Float32Array {
  if (pieces.length === 1) return toUnitLength(pieces[0]!.vector);
  const sum = new Float64Array(pieces[0]!.vector.length);
  for (const { vector, weight } of pieces) {
    for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]! * weight;
  }
  return toUnitLength(sum);
}
