import { isObject, type Json } from '../content/json.ts';
import { UNNAMED_TOOL } from '../content/tools.ts';
import { readable, withoutGaps } from './bulk.ts';
import { envelopeWords, jsonWords } from './json-words.ts';
import { withoutIds, withoutNoise } from './noise.ts';
import { repetitionsOf } from './repetitions.ts';

/** A part with its whole content, wherever it is stored. */
export interface WholePart {
  readonly type: string;
  readonly content?: Json | undefined;
}

/** A message's own text and its parts, whole. */
export interface WholeMessage {
  /** Empty if it has none: some plugins send the words only in parts. */
  readonly text: string;
  readonly parts: readonly WholePart[];
}

/** The words of a message: for the full-text index, and for embedding. */
export interface MessageWords {
  /**
   * Text of people and models: the message's text, text and readable reasoning of its parts, and names of its files.
   */
  readonly text: string;
  /** Names, arguments and results of tool calls, one per line. */
  readonly toolText: string;
  /**
   * The text that is worth embedding: without file names, ids and hashes, and generated text. Tool calls are found by
   * full text alone.
   */
  readonly embedded: string;
}

/**
 * Which text of a message is searchable, and which is worth embedding. Blobs, encrypted reasoning, ids, hashes,
 * signatures and bookkeeping have no words. Minified code, source maps and lock files contribute only names. Pure.
 */
export function messageWords({ text, parts }: WholeMessage): MessageWords {
  const spoken: string[] = [];
  const embedded: string[] = [];
  const tools: string[] = [];
  const speak = (said: string) => {
    const words = readable(said);
    add(words.indexed, spoken);
    add(words.embedded, embedded, (text) => withoutGaps(withoutIds(withoutNoise(text))));
  };
  if (text !== '') speak(text);
  const isRepeated = repetitionsOf(text);
  for (const { type, content } of parts) {
    if (content === undefined || content === null) continue;
    switch (type) {
      case 'text':
      case 'reasoning':
        for (const said of typeof content === 'string' ? [content] : jsonWords(content)) {
          if (said !== '' && !isRepeated(said)) speak(said);
        }
        break;
      case 'tool-call':
      case 'tool-result':
        for (const said of toolWords(content)) {
          add(readable(said).indexed, tools);
        }
        break;
      case 'media': {
        const name = fileName(content);
        if (name !== undefined) spoken.push(name);
      }
    }
  }
  return { text: spoken.join('\n'), toolText: tools.join('\n'), embedded: embedded.join('\n') };
}

function add(text: string, to: string[], clean = withoutNoise): void {
  const words = clean(text);
  if (words.trim() !== '') to.push(words);
}

/** The tool's name, arguments and result, then its other fields. */
function toolWords(content: Json): string[] {
  // A result without other fields is stored alone.
  if (!isObject(content) || (content.toolName === undefined && content.result === undefined)) return jsonWords(content);
  const { toolName, args, result, ...others } = content;
  const isNamed = toolName !== undefined && toolName !== UNNAMED_TOOL;
  const said = [...(isNamed ? [toolName] : []), args, result].filter((value) => value !== undefined);
  return [...said.flatMap(jsonWords), ...envelopeWords(others)];
}

/** The name of a file, or the last segment of its address. */
function fileName(content: Json): string | undefined {
  if (!isObject(content)) return undefined;
  const { name, uri } = content;
  if (typeof name === 'string' && name !== '') return name;
  return typeof uri === 'string' ? /([^/?#]+)\/?(?:[?#].*)?$/.exec(uri)?.[1] : undefined;
}
