import { isObject } from '../read-message.ts';
import type { Json } from '../record.ts';

/** A content as text: a string as it is, a list of texts by line, anything else as JSON. */
export function textOfJson(content: Json): string {
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) {
    const texts = content.map((item: Json) => (isObject(item) && typeof item.text === 'string' ? item.text : item));
    if (texts.length > 0 && texts.every((text) => typeof text === 'string')) return texts.join('\n');
  }
  return JSON.stringify(content);
}

/** The arguments of a call as an object, which every format wants; some agents send them as the text of JSON. */
export function argumentsOf(args: Json): { readonly [name: string]: Json } {
  if (isObject(args)) return args;
  if (typeof args === 'string') {
    try {
      const parsed = JSON.parse(args) as Json;
      if (isObject(parsed)) return parsed;
    } catch {
      // Not JSON: a command, or a patch.
    }
  }
  return { input: args };
}
