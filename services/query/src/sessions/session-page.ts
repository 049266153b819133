import { ownerKey, partIdOf, type Owner, type Place, type Places } from '@opensync/contracts';
import { isRetryable, type ByteBudget, type Logger } from '@opensync/platform';
import { LargeContents } from '../content/large-content.ts';
import type { PayloadReader } from '../resources.ts';
import { isAtHand, PageMedia, type JsonPiece, type MediaMode } from '../content/media-in-place.ts';
import { firstReference, mayReadMedia, messageJson, type MessageLinks } from './message-json.ts';
import { BEGINNING, type PageRange } from './page-range.ts';
import type { PageMessage } from './read-session.ts';

export interface PageResources {
  readonly payloads: PayloadReader;
  /** Bounds what all pages that are being streamed hold. */
  readonly pageBytes: ByteBudget;
  /** Decides whose page begins next: the budget does not count what is read before the first piece. */
  readonly pageTurns: ByteBudget;
  readonly logger: Logger;
}

export interface PageOptions {
  /** The caller whose share of the memory the page uses. */
  readonly caller: Owner;
  /** Those of the caller in this session. */
  readonly places: Places;
  readonly sessionId: string;
  /** The JSON before the first message. */
  readonly opening: string;
  /** As many at once as are read at once. */
  readonly messages: AsyncIterator<readonly PageMessage[]>;
  readonly range: Pick<PageRange, 'first' | 'limit' | 'hasBefore'>;
  readonly mode?: MediaMode;
  /** Characters after which texts and contents are cut. */
  readonly preview?: number | undefined;
}

/** A page of up to this size is sent at once; a longer one in pieces, while the rest is read. */
const WHOLE_BYTES = 256 * 1024;
const PIECE_BYTES = 64 * 1024;
/** A page ends with the message that goes beyond this, but not within its first messages: larger pages would keep what they hold reserved for longer. */
const PAGE_BYTES = 2 * 1024 * 1024;
/** What a page that is streamed holds: two chunks of a payload, or bodies of messages, and what is made of them. */
const HELD_BYTES = 2 * 1024 * 1024;

/**
 * `…"messages":[…],"messageCursor":…,"hasBefore":…,"hasAfter":…}` in pieces of bytes; the first is the whole page or
 * the beginning of a long one. A page that cannot begin throws before its first piece. One that cannot continue ends
 * after a message, with the cursor to continue from; but not within its first messages: a client that reads backward
 * would miss the rest of them.
 * @throws AppError UNAVAILABLE, also later if a message cannot be completed
 */
export async function* sessionPage(
  owner: Owner,
  { caller, places, sessionId, opening, messages, range, mode, preview }: PageOptions,
  { payloads, pageBytes, pageTurns, logger }: PageResources,
): AsyncGenerator<Buffer> {
  const contents = new LargeContents(payloads, owner);
  const media = new PageMedia(payloads, owner, { sessionId, mode });
  const batch = new Batch();
  let release: (() => void) | undefined;
  const endTurn = await pageTurns.acquire(ownerKey(caller), 1);
  const reserve = async () => {
    endTurn();
    release ??= await pageBytes.acquire(ownerKey(caller), HELD_BYTES);
  };
  let isBegun = false;
  let read: readonly LinkedMessage[] = [];
  let at = 0;
  let shown = 0;
  let last: Place = BEGINNING;

  /** The next message, with the beginning of its large content loaded; undefined after the last. */
  const next = async () => {
    while (at === read.length) {
      const { value, done } = await messages.next();
      if (done) return undefined;
      [read, at] = [linked(value, places), 0];
    }
    if (shown === range.limit || (batch.total > PAGE_BYTES && shown >= range.first.length)) return 'elsewhere';
    const message = read[at]!;
    const reference = preview === undefined ? firstReference(message.view) : undefined;
    if (reference || mayReadMedia(message.view, media)) await reserve();
    if (reference) await contents.prepare(reference);
    at++;
    return message;
  };
  const isFull = () => batch.size >= (isBegun ? PIECE_BYTES : WHOLE_BYTES);
  const take = async () => {
    if (!isBegun) await reserve();
    isBegun = true;
    return batch.take();
  };

  try {
    batch.add(opening);
    for (;;) {
      const message = await next().catch((err: unknown) => {
        if (!isBegun || shown === 0 || shown < range.first.length || !isRetryable(err)) throw err;
        logger.warn(
          { err },
          'the session page ends early because its next message could not be read; the client can continue from its cursor',
        );
        return 'elsewhere' as const;
      });
      if (message === undefined || message === 'elsewhere') {
        const hasAfter = message !== undefined;
        const messageCursor = hasAfter ? places.encode([last])[0] : null;
        batch.add(`],${JSON.stringify({ messageCursor, hasBefore: range.hasBefore, hasAfter }).slice(1)}`);
        endTurn();
        yield batch.take();
        return;
      }
      if (shown++ > 0) batch.add(',');
      for (const step of messageJson(message.view, { contents, media, preview }, message.links)) {
        if (isAtHand(step)) {
          batch.add(step);
          if (isFull()) yield await take();
          continue;
        }
        for await (const piece of step) {
          batch.add(piece);
          if (isFull()) yield await take();
        }
      }
      last = message.place;
    }
  } catch (err) {
    if (isBegun) logger.warn({ err }, 'the session page was cut off because a message could not be read completely');
    throw err;
  } finally {
    endTurn();
    release?.();
    await messages.return?.();
  }
}

interface LinkedMessage extends PageMessage {
  readonly links: MessageLinks;
}

/** All of their positions at once, which costs a fraction of one by one. */
function linked(messages: readonly PageMessage[], places: Places): LinkedMessage[] {
  const found = messages.flatMap(({ place, results }) => [
    place,
    ...[...results.values()].flatMap((link) => link?.place ?? []),
  ]);
  const positions = places.encode(found);
  let at = 0;
  return messages.map((message) => {
    const position = positions[at++]!;
    const results = new Map<number, object | null>();
    for (const [order, link] of message.results) {
      if (!link) {
        results.set(order, null);
        continue;
      }
      const { messageId, isError, durationMs } = link;
      const partId = partIdOf(messageId, link.order);
      results.set(order, { messageId, position: positions[at++]!, partId, isError, durationMs });
    }
    return { ...message, links: { position, results: (order) => results.get(order) } };
  });
}

/** Pieces that are sent together. */
class Batch {
  #pieces: Uint8Array[] = [];
  /** What follows them: the bytes of many short texts are made at once. */
  #text = '';
  /** Characters of texts, and bytes. */
  size = 0;
  /** Of all batches. */
  total = 0;

  add(piece: JsonPiece): void {
    this.size += piece.length;
    this.total += piece.length;
    if (typeof piece === 'string') this.#text += piece;
    else {
      this.#endText();
      this.#pieces.push(piece);
    }
  }

  take(): Buffer {
    this.#endText();
    const taken = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.size = 0;
    return taken;
  }

  #endText(): void {
    if (this.#text === '') return;
    this.#pieces.push(Buffer.from(this.#text));
    this.#text = '';
  }
}
