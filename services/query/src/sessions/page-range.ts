import { currentParts, lengthAsSent, mediaOfText, messageCreatedAt, messageIdOf } from '@opensync/contracts';
import type { MessageHead, Owner, Place, Places } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { DocumentStore, MessageKey } from '@opensync/stores';
import type { ReadSession } from './read-session.ts';

/** The messages that a page shows. */
export interface PageRange {
  /** The first ones, in order. The page shows all of them, even if they are large: `limit` counts them. */
  readonly first: readonly MessageKey[];
  /** The rest follows after this place; from the first message on if it is undefined. */
  readonly after: Place | undefined;
  readonly limit: number;
  /** Whether the session has messages before the page. */
  readonly hasBefore: boolean;
}

/** Bytes of messages before an anchor; a page that begins with the anchor has as many after it. */
const BEFORE_BYTES = 2 * 1024 * 1024;
const AROUND_BYTES = 1024 * 1024;
/** In UTF-8. */
const BYTES_PER_CHARACTER = 3;
/** Messages whose sizes are read at once. */
const SIZED_AT_ONCE = 100;
const READ_BYTES = 1024 * 1024;

const STARTS = ['messageCursor', 'after', 'before', 'around'] as const;
/** Before the first message of any session. */
export const BEGINNING: Place = { createdAt: 0, sequence: 0 };

/**
 * The range of a request's page. Places are keys, so that pages neither repeat nor skip a message while others arrive.
 * @throws AppError INVALID_REQUEST if the request names several starts, or one that the session does not have
 */
export async function pageRange(
  documents: DocumentStore,
  { owner, sessionId, places }: { owner: Owner; sessionId: string; places: Places },
  request: Pick<ReadSession, (typeof STARTS)[number] | 'messageLimit' | 'media' | 'preview'>,
): Promise<PageRange> {
  const limit = request.messageLimit;
  const given = STARTS.filter((name) => request[name] !== undefined);
  if (given.length > 1) {
    const details = given.slice(1).map((path) => ({ path, message: `cannot be combined with ${given[0]}` }));
    throw new AppError('INVALID_REQUEST', `${given[1]} cannot be combined with ${given[0]}`, { details });
  }
  const [name] = given;
  if (name === undefined) return { first: [], after: undefined, limit, hasBefore: false };
  const anchor = await placeOf(documents, { owner, sessionId, places }, name, request[name]!);
  const keys = (order: 'asc' | 'desc', after: Place, most: number) =>
    documents.messageKeys(owner, sessionId, { order, after, limit: most });
  if (name === 'after' || name === 'messageCursor') {
    const before = await keys('desc', including(anchor, 'desc'), 1);
    return { first: [], after: anchor, limit, hasBefore: before.length > 0 };
  }
  if (name === 'before') {
    const back = await keys('desc', anchor, limit + 1);
    const shown = await withinBytes(documents, owner, back.slice(0, limit), { ...request, most: BEFORE_BYTES });
    const first = shown.toReversed();
    const after = first.at(-1) ?? BEGINNING;
    return { first, after, limit: first.length, hasBefore: back.length > shown.length };
  }
  const [back, onward] = await Promise.all([
    keys('desc', anchor, limit + 1),
    keys('asc', including(anchor, 'asc'), limit),
  ]);
  // A side that has fewer messages leaves its share to the other.
  const wanted = Math.max(Math.floor(limit / 2), limit - onward.length);
  const shown = await withinBytes(documents, owner, back.slice(0, wanted), {
    ...request,
    most: AROUND_BYTES,
    least: 0,
  });
  // The anchor itself is always part of the page.
  const first = [...shown.toReversed(), ...onward.slice(0, 1)].slice(-limit);
  return { first, after: first.at(-1) ?? anchor, limit, hasBefore: back.length > shown.length };
}

/** The place just beyond an anchor, so that a list that continues after it begins with the anchor. */
function including({ createdAt, sequence }: Place, order: 'asc' | 'desc'): Place {
  return { createdAt, sequence: sequence + (order === 'asc' ? -1 : 1) };
}

/** The place that a position or the id of a message names. */
async function placeOf(
  documents: DocumentStore,
  { owner, sessionId, places }: { owner: Owner; sessionId: string; places: Places },
  path: (typeof STARTS)[number],
  text: string,
): Promise<Place> {
  const place = places.decode(text);
  if (place) return place;
  if (path !== 'messageCursor') {
    const candidates = [text, messageIdOf(sessionId, text)];
    const found = await documents.messageSummaries(owner, candidates);
    const message = candidates.map((id) => found.get(id)?.message).find((one) => one?.sessionId === sessionId);
    if (message) return placeOfMessage(message);
  }
  const message =
    path === 'messageCursor'
      ? 'is not a cursor of this list: leave it out to start at the beginning'
      : 'is neither a position nor the id of a message of this session';
  throw new AppError('INVALID_REQUEST', `${path} ${message}`, { details: [{ path, message }] });
}

export function placeOfMessage(message: MessageHead): Place {
  return { createdAt: messageCreatedAt(message), sequence: message.span.firstSequence };
}

/** The nearest of these messages that have so many bytes together, and at least `least`. */
async function withinBytes(
  documents: DocumentStore,
  owner: Owner,
  keys: readonly MessageKey[],
  { media, preview, most, least = 1 }: Pick<ReadSession, 'media' | 'preview'> & { most: number; least?: number },
): Promise<MessageKey[]> {
  const shown: MessageKey[] = [];
  let bytes = 0;
  for (let at = 0; at < keys.length; at += SIZED_AT_ONCE) {
    const some = keys.slice(at, at + SIZED_AT_ONCE);
    const ids = some.map(({ id }) => id);
    const sizes = await (media === 'inline'
      ? sizesAsSent(documents, owner, ids)
      : sizesOf(documents, owner, ids, preview));
    for (const key of some) {
      bytes += sizes.get(key.id) ?? 0;
      if (bytes > most && shown.length >= least) return shown;
      shown.push(key);
    }
  }
  return shown;
}

/** @param preview characters after which each text and content is cut */
async function sizesOf(
  documents: DocumentStore,
  owner: Owner,
  ids: readonly string[],
  preview = Infinity,
): Promise<Map<string, number>> {
  const summaries = await documents.messageSummaries(owner, ids);
  return new Map(
    [...summaries].map(([id, { bytes, message }]) => {
      const texts = 2 * (1 + (message.fields.partCount ?? 0));
      return [id, Math.min(bytes, texts * preview * BYTES_PER_CHARACTER)];
    }),
  );
}

/** With the blobs that a page puts back in place. */
async function sizesAsSent(documents: DocumentStore, owner: Owner, ids: readonly string[]) {
  const sizes = await sizesOf(documents, owner, ids);
  for (let rest = ids; rest.length > 0;) {
    const read = await documents.wholeMessages(owner, rest, READ_BYTES);
    for (const { message, parts } of read.messages) {
      const media = [...mediaOfText(message), ...currentParts({ message, parts }).flatMap((part) => part.media ?? [])];
      const inPlace = media.reduce((sum, reference) => sum + lengthAsSent(reference), 0);
      sizes.set(message.id, (sizes.get(message.id) ?? 0) + inPlace);
    }
    rest = read.rest;
  }
  return sizes;
}
