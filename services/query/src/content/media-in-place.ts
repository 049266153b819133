import { lengthAsSent, mediaAsSentJson, tokensIn, type MediaReference, type Owner } from '@opensync/contracts';
import { PayloadLostError } from '@opensync/event-log/payloads';
import type { PayloadReader } from '../resources.ts';
import { mediaUrl } from './media-link.ts';

/** JSON on its way out: text, or bytes of UTF-8. */
export type JsonPiece = string | Uint8Array;

/**
 * JSON as steps, in order: text that is in memory, and content that still has to be read before the next step is requested.
 * Most messages are in memory as a whole; an `await` for each piece would cost as much as the piece.
 */
export type JsonStep = JsonPiece | AsyncIterable<JsonPiece>;
export type JsonSteps = Iterable<JsonStep>;

export function isAtHand(step: JsonStep): step is JsonPiece {
  return typeof step === 'string' || step instanceof Uint8Array;
}

/** The same with everything read. */
export async function* piecesOf(steps: JsonSteps): AsyncGenerator<JsonPiece> {
  for (const step of steps) {
    if (isAtHand(step)) yield step;
    else yield* step;
  }
}

/**
 * What replaces a blob in a page: a link, the blob as it was sent, or, if the client did not say, the blob within
 * texts and the arguments and results of tools while a page has little of that, as clients of OpenSync expect.
 */
export type MediaMode = 'link' | 'inline' | undefined;

/** Characters of blobs that a page contains in place for clients that did not choose. */
const UNASKED_CHARACTERS = 1024 * 1024;
/** A token is 86 characters and more; the mark and the index are short. */
const LONGEST_TOKEN = 128;

/** The blobs of one page. */
export class PageMedia {
  readonly #payloads: PayloadReader;
  readonly #owner: Owner;
  readonly #sessionId: string;
  readonly #mode: MediaMode;
  #left = UNASKED_CHARACTERS;

  constructor(payloads: PayloadReader, owner: Owner, { sessionId, mode }: { sessionId: string; mode?: MediaMode }) {
    this.#payloads = payloads;
    this.#owner = owner;
    this.#sessionId = sessionId;
    this.#mode = mode;
  }

  get sessionId(): string {
    return this.#sessionId;
  }

  /** Whether a blob may be put back in place, and so must be read. */
  mayRead(media: readonly MediaReference[] | undefined, isFile: boolean): boolean {
    if (!media?.length || this.#mode === 'link') return false;
    return this.#mode === 'inline' || (!isFile && media.some((reference) => lengthAsSent(reference) <= this.#left));
  }

  /**
   * JSON with a link or the blob in place of each token.
   * @param isFile whether the blob is the part's file; otherwise it is in a text, or in a tool's arguments or result
   */
  inJson(steps: JsonSteps, media: readonly MediaReference[] | undefined, isFile = false): JsonSteps {
    return media?.length ? [this.#withBlobs(steps, media, isFile)] : steps;
  }

  async *#withBlobs(steps: JsonSteps, media: readonly MediaReference[], isFile: boolean): AsyncGenerator<JsonPiece> {
    let held = '';
    for await (const piece of piecesOf(steps)) {
      // Byte for byte: a piece may end within a character.
      held += (
        typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
      ).toString('latin1');
      held = yield* this.#replaced(held, held.length - LONGEST_TOKEN, media, isFile);
    }
    yield* this.#replaced(held, Infinity, media, isFile);
  }

  /** Returns the text before `until` that is not part of a token, and the rest. */
  async *#replaced(
    text: string,
    until: number,
    media: readonly MediaReference[],
    isFile: boolean,
  ): AsyncGenerator<JsonPiece, string> {
    let at = 0;
    for (const { start, end, media: reference } of tokensIn(text, media)) {
      if (start >= until) break;
      const content = this.#isInPlace(reference, isFile) ? await this.#open(reference) : undefined;
      // Numbers were not a string, so the quotes around the token are removed as well.
      const quote = content !== undefined && reference.form?.numbers !== undefined ? 1 : 0;
      yield Buffer.from(text.slice(at, start - quote), 'latin1');
      if (content) yield* mediaAsSentJson(reference, content);
      else yield mediaUrl(this.#sessionId, reference.sha256);
      at = end + quote;
    }
    const given = Math.max(at, Math.min(until, text.length));
    if (given > at) yield Buffer.from(text.slice(at, given), 'latin1');
    return text.slice(given);
  }

  #isInPlace(reference: MediaReference, isFile: boolean): boolean {
    if (this.#mode !== undefined || isFile) return this.#mode === 'inline';
    const length = lengthAsSent(reference);
    if (length > this.#left) return false;
    this.#left -= length;
    return true;
  }

  /** Undefined for lost content: its link then reports that. */
  async #open({ sha256 }: MediaReference): Promise<AsyncIterable<Uint8Array> | undefined> {
    const pieces = this.#payloads.read(this.#owner, sha256)[Symbol.asyncIterator]();
    try {
      const first = await pieces.next();
      return {
        async *[Symbol.asyncIterator]() {
          for (let piece = first; !piece.done; piece = await pieces.next()) yield piece.value;
        },
      };
    } catch (error) {
      if (error instanceof PayloadLostError) return undefined;
      throw error;
    }
  }
}
