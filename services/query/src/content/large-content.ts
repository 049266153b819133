import { StringDecoder } from 'node:string_decoder';
import type { Owner, PayloadReference } from '@opensync/contracts';
import { PayloadLostError } from '@opensync/event-log/payloads';
import type { PayloadReader } from '../resources.ts';

/** Content whose first piece has been read; undefined if it is lost. */
export type OpenContent = AsyncIterable<Uint8Array> | undefined;

/** What is decoded and encoded at once, so that large content does not block other requests. */
const TURN_BYTES = 64 * 1024;
const QUOTE = 0x22;

/** The large contents of one owner's messages. */
export class LargeContents {
  readonly #payloads: PayloadReader;
  readonly #owner: Owner;
  #prepared: { readonly sha256: string; readonly content: OpenContent } | undefined;

  constructor(payloads: PayloadReader, owner: Owner) {
    this.#payloads = payloads;
    this.#owner = owner;
  }

  /** Opens the next content: if it is unavailable, that is known before anything of its message is sent. */
  async prepare(reference: PayloadReference): Promise<void> {
    this.#prepared = { sha256: reference.sha256, content: await this.#open(reference) };
  }

  async open(reference: PayloadReference): Promise<OpenContent> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    return prepared?.sha256 === reference.sha256 ? prepared.content : this.#open(reference);
  }

  async #open({ sha256 }: PayloadReference): Promise<OpenContent> {
    const pieces = this.#payloads.referenced(this.#owner, sha256)[Symbol.asyncIterator]();
    try {
      const first = await pieces.next();
      return withFirst(first, pieces);
    } catch (error) {
      if (error instanceof PayloadLostError) return undefined;
      throw error;
    }
  }
}

async function* withFirst(
  first: IteratorResult<Uint8Array, unknown>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let piece = first; !piece.done; piece = await rest.next()) {
      for (let at = 0; at < piece.value.length; at += TURN_BYTES) yield piece.value.subarray(at, at + TURN_BYTES);
    }
  } finally {
    await rest.return?.();
  }
}

/**
 * Text as the inside of a JSON string. Ends with true if the rest turned out to be lost: the text so far is its
 * beginning.
 */
export async function* textAsJson(text: AsyncIterable<Uint8Array>): AsyncGenerator<string, boolean> {
  const decoder = new StringDecoder('utf8');
  try {
    for await (const piece of text)
      yield withoutQuotes(JSON.stringify(decoder.write(Buffer.from(piece.buffer, piece.byteOffset, piece.length))));
  } catch (error) {
    if (error instanceof PayloadLostError) return true;
    throw error;
  }
  yield withoutQuotes(JSON.stringify(decoder.end()));
  return false;
}

/** The inside of a JSON string, if this JSON is a string; otherwise ends with false, and has returned nothing. */
export async function* innerOfJsonString(json: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, boolean> {
  let isFirst = true;
  let held: Uint8Array | undefined;
  for await (const piece of json) {
    if (piece.length === 0) continue;
    if (isFirst && piece[0] !== QUOTE) return false;
    if (held) yield held;
    held = isFirst ? piece.subarray(1) : piece;
    isFirst = false;
  }
  if (!held) return false;
  yield held.subarray(0, -1);
  return true;
}

function withoutQuotes(json: string): string {
  return json.slice(1, -1);
}
