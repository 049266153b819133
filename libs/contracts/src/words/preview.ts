import type { Json } from '../content/json.ts';
import type { PayloadReference } from '../events/schemas.ts';
import { jsonWords, literalsIn } from './json-words.ts';
import { withoutNoise } from './noise.ts';

const CHARACTERS = 200;

/** The beginning of a content as text, for lists and for when the content is lost. */
export function previewOf(content: Json): string {
  const text = typeof content === 'string' ? content : jsonWords(content).join('\n');
  // If a text begins with a blob, the words after it say more than the token.
  const words = withoutNoise(text.slice(0, 16 * CHARACTERS)).trim();
  return (words === '' ? text : words).slice(0, CHARACTERS).toWellFormed();
}

/** The preview of a part's content as text: in events of earlier versions it is the beginning of the content's JSON. */
export function previewText({ preview, readable }: PayloadReference): string {
  return readable ? preview : literalsIn(preview).join('\n');
}
