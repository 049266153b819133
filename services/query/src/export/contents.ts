import { StringDecoder } from 'node:string_decoder';
import { previewText, tokensIn, type MediaReference, type Owner, type PayloadReference } from '@opensync/contracts';
import { PayloadLostError } from '@opensync/event-log/payloads';
import { mapTexts } from '@opensync/redaction';
import { mediaUrl } from '../content/media-link.ts';
import type { PayloadReader } from '../resources.ts';
import type { Json } from './record.ts';

/** A content beyond this is exported as its beginning: a row of a data set is in memory as a whole. */
const LARGEST_CONTENT = 1024 * 1024;
/** What one message may have of contents that are stored beside the log; the rest is exported as their beginnings. */
const LARGEST_MESSAGE = 4 * 1024 * 1024;

/** Reads the contents of one message. */
export class MessageContents {
  readonly #payloads: PayloadReader;
  readonly #owner: Owner;
  readonly #sessionId: string;
  #left = LARGEST_MESSAGE;
  /** Contents that are present as their beginning. */
  shortened = 0;

  constructor(payloads: PayloadReader, owner: Owner, sessionId: string) {
    this.#payloads = payloads;
    this.#owner = owner;
    this.#sessionId = sessionId;
  }

  async text(reference: PayloadReference): Promise<string> {
    return (await this.#read(reference)) ?? this.#beginning(reference);
  }

  async json(reference: PayloadReference): Promise<Json> {
    const stored = await this.#read(reference);
    return stored === undefined ? this.#beginning(reference) : (JSON.parse(stored) as Json);
  }

  /** The text with a link in place of each blob. */
  withLinks(text: string, media: readonly MediaReference[] | undefined): string {
    if (!media?.length) return text;
    let result = '';
    let at = 0;
    for (const { start, end, media: reference } of tokensIn(text, media)) {
      result += text.slice(at, start) + mediaUrl(this.#sessionId, reference.sha256);
      at = end;
    }
    return result + text.slice(at);
  }

  jsonWithLinks(value: Json, media: readonly MediaReference[] | undefined): Json {
    return media?.length ? (mapTexts(value, (text) => this.withLinks(text, media)) as Json) : value;
  }

  #beginning(reference: PayloadReference): string {
    this.shortened++;
    return `${previewText(reference)}… [shortened: ${reference.size} bytes]`;
  }

  /** Undefined if it is too large or lost. */
  async #read({ sha256, size }: PayloadReference): Promise<string | undefined> {
    if (size > LARGEST_CONTENT || size > this.#left) return undefined;
    this.#left -= size;
    const decoder = new StringDecoder('utf8');
    let text = '';
    try {
      for await (const piece of this.#payloads.referenced(this.#owner, sha256)) {
        text += decoder.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
      }
    } catch (error) {
      if (error instanceof PayloadLostError) return undefined;
      throw error;
    }
    return text + decoder.end();
  }
}
