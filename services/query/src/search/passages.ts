import { currentParts, ownerKey, type Owner, type SessionState } from '@opensync/contracts';
import { readWords } from '@opensync/event-log/payloads';
import { isRetryable } from '@opensync/platform';
import { chunkText, isOfChunk, type TextRange, type WholeMessage } from '@opensync/stores';
import type { QueryResources } from '../resources.ts';

/** Where a passage stands: UTF-16 offsets into the message's `textContent`, or into the content of a part. */
export interface PassagePlace extends TextRange {
  readonly partId?: string;
}

/** What was embedded of a message, and is nearest to the query. */
export interface Passage {
  readonly text: string;
  /** Absent if it was put together from several texts. */
  readonly place?: PassagePlace;
}

/** A passage to read: the chunk of the message with this hash. */
export interface WantedPassage {
  readonly session: SessionState;
  readonly messageId: string;
  readonly hash: string;
}

/** Bytes of the messages of one owner that are read for an answer. */
const READ_BYTES = 4 * 1024 * 1024;
/** Bytes of all large contents that are fetched for an answer. */
const FETCHED_BYTES = 2 * 1024 * 1024;
/** How much of a passage must stand somewhere for that to be its place. */
const ANCHOR = 32;
/** How much longer a text may be where words that are not embedded stand in between. */
const STRETCH = 4;

/**
 * The passages by message id, as the words of their messages say now. Those of messages that are too long, that have
 * changed since they were embedded, or whose large contents do not answer are absent.
 */
export async function readPassages(
  { documents, payloads }: Pick<QueryResources, 'documents' | 'payloads'>,
  wanted: readonly WantedPassage[],
): Promise<ReadonlyMap<string, Passage>> {
  const passages = new Map<string, Passage>();
  const hashes = new Map(wanted.map(({ messageId, hash }) => [messageId, hash]));
  const texts = boundedTexts(payloads);
  const byOwner = Map.groupBy(wanted, ({ session }) => ownerKey(session.owner));
  for (const of of byOwner.values()) {
    const ids = of.map(({ messageId }) => messageId);
    const { messages } = await documents.wholeMessages(of[0]!.session.owner, ids, READ_BYTES);
    for (const message of messages) {
      const passage = await passageIn(message, hashes.get(message.message.id)!, texts);
      if (passage) passages.set(message.message.id, passage);
    }
  }
  return passages;
}

type Texts = Parameters<typeof readWords>[1];

async function passageIn(message: WholeMessage, hash: string, texts: Texts): Promise<Passage | undefined> {
  try {
    const { embedded } = await readWords(message, texts);
    const text = chunkText(embedded).find((chunk) => isOfChunk(chunk, hash));
    if (text === undefined) return undefined;
    const place = placeOf(text, message);
    return { text, ...(place && { place }) };
  } catch (error) {
    if (isRetryable(error) || error instanceof TooLongError) return undefined;
    throw error;
  }
}

class TooLongError extends Error {}

function boundedTexts({ referenced }: Pick<QueryResources['payloads'], 'referenced'>): Texts {
  let left = FETCHED_BYTES;
  return {
    async text(owner: Owner, { sha256, size }) {
      left -= size;
      if (left < 0) throw new TooLongError('the large contents of the messages are too long to be read for a search');
      return Buffer.concat(await Array.fromAsync(referenced(owner, sha256))).toString();
    },
  };
}

/** Embedded text lacks ids and generated text, so a passage may stand in the message with something in between. */
function placeOf(passage: string, { message, parts }: WholeMessage): PassagePlace | undefined {
  const { text } = message.fields;
  const own = typeof text === 'string' ? rangeOf(passage, text) : undefined;
  if (own) return own;
  for (const { id, type, content } of currentParts({ message, parts })) {
    if ((type !== 'text' && type !== 'reasoning') || typeof content !== 'string') continue;
    const range = rangeOf(passage, content);
    if (range) return { partId: id, ...range };
  }
  return undefined;
}

function rangeOf(passage: string, text: string): TextRange | undefined {
  const whole = text.indexOf(passage);
  if (whole >= 0) return { start: whole, end: whole + passage.length };
  const [first, last] = [passage.slice(0, ANCHOR), passage.slice(-ANCHOR)];
  const start = text.indexOf(first);
  if (start < 0) return undefined;
  const reach = start + STRETCH * passage.length;
  const end = text.slice(start, reach).lastIndexOf(last);
  return end < 0 ? undefined : { start, end: start + end + last.length };
}
