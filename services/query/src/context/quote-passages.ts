import { excerpt } from './excerpt.ts';
import { pack, type Packed } from './pack.ts';
import type { Passage, QuotedMessage } from './passage.ts';
import { block, opening } from './render.ts';
import type { CountTokens } from './tokens.ts';

/** What a message is shortened to, but not further. */
const LEAST_TEXT = 24;
/** The share of the matched message, if its prompt or answer does not fit whole. */
const SHARE_OF_MATCH = 0.6;
/** A passage whose parts have more tokens together than each by itself is cut again. */
const ATTEMPTS = 3;

/**
 * The passages cut to fit into so many tokens together with their citations and the text around them, which is reserved
 * first. Best first. Pure.
 */
export function quotePassages(
  passages: readonly Passage[],
  { query, marker, maxTokens, count }: { query: string; marker: string; maxTokens: number; count: CountTokens },
): ReturnType<typeof pack> {
  const envelope = count(opening(query, marker));
  // Every rank has as many tokens as the highest.
  const tokensOf = (passage: Passage) => count(block(passage, { marker, rank: passages.length }));
  const fit = (passage: Passage, most: number): Packed | undefined => {
    const heading = tokensOf(withTexts(passage, () => ''));
    for (let spare = 0, attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const cut = cutTo(passage, most - heading - spare, count);
      if (!cut) return undefined;
      const tokens = tokensOf(cut);
      if (tokens <= most) return { passage: cut, tokens };
      spare += tokens - most;
    }
    return undefined;
  };
  const { tokens, ...rest } = pack(passages, maxTokens - envelope, fit);
  return { ...rest, tokens: tokens + envelope };
}

/** The passage with texts of at most `most` tokens; without its other messages if they do not fit. */
function cutTo(passage: Passage, most: number, count: CountTokens): Passage | undefined {
  const matched = passage.messages.find(({ id }) => id === passage.matched)!;
  const others = passage.messages.filter(({ id }) => id !== passage.matched);
  const wanted = others.reduce((sum, { text }) => sum + count(text), 0);
  const share = others.length === 0 ? most : Math.max(Math.floor(most * SHARE_OF_MATCH), most - wanted);
  const own = cutText(matched, share, count);
  if (!own) return undefined;
  let left = most - own.tokens;
  const texts = new Map([[matched.id, own.text]]);
  for (const other of others) {
    const quoted = cutText(other, left, count);
    if (!quoted) continue;
    texts.set(other.id, quoted.text);
    left -= quoted.tokens;
  }
  const messages = passage.messages.filter(({ id }) => texts.has(id));
  return withTexts({ ...passage, messages: asFilled(messages) }, ({ id }) => texts.get(id)!);
}

function cutText({ text, focus }: QuotedMessage, most: number, count: CountTokens) {
  const quoted = excerpt(text, focus, most, count);
  return quoted && (quoted.text === text || quoted.tokens >= LEAST_TEXT) ? quoted : undefined;
}

function withTexts(passage: Passage, textOf: (message: QuotedMessage) => string): Passage {
  return { ...passage, messages: asFilled(passage.messages.map((message) => ({ ...message, text: textOf(message) }))) };
}

/** The match is always among them. */
function asFilled(messages: readonly QuotedMessage[]): Passage['messages'] {
  return messages as Passage['messages'];
}
