import { createHash } from 'node:crypto';

/** Content of more bytes is stored outside the event, and the event refers to it. */
export const CLAIM_CHECK_BYTES = 256 * 1024;
/** The largest chunk, which is what a reader holds at a time. Most payloads are one chunk. See ADR 19. */
export const CHUNK_BYTES = 512 * 1024;
/** Room for the headers of a chunk within the server's message limit. */
const HEADER_BYTES = 4 * 1024;

/** Headers of a chunk. */
export const CHUNK_HEADER = {
  /** `<index>/<count>`, the index is 0-based. */
  place: 'Osk-Chunk',
  /** Bytes of the whole payload. */
  size: 'Osk-Size',
  /** SHA-256 of the chunk, hexadecimal. The hash of a one-chunk payload is in its subject. */
  sha256: 'Osk-Chunk-Sha256',
  /**
   * On a mark, a message without content after a payload: the sequence of the payload's last chunk. A marked payload
   * may be removed later, so a writer of the same content stores it again after the mark. Readers skip marks.
   */
  condemned: 'Osk-Condemned',
  /** On the replacement of a mark that was withdrawn: the same. */
  kept: 'Osk-Kept',
  /** On the last chunk of a payload that was stored again: the sequence of the mark before it. */
  replaces: 'Osk-Replaces',
} as const;

/** A sequence in a header of a chunk or mark; undefined if it is absent. */
export function sequenceIn(
  message: { header(name: string): string | undefined },
  name: (typeof CHUNK_HEADER)['condemned' | 'kept' | 'replaces'],
): number | undefined {
  const sequence = Number(message.header(name) ?? NaN);
  return Number.isSafeInteger(sequence) ? sequence : undefined;
}

/** A chunk as it is stored. */
export interface Chunk {
  readonly sequence: number;
  readonly index: number;
  readonly count: number;
  /** Bytes of the whole payload. */
  readonly size: number;
  readonly data: Uint8Array;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** @param maxMessageBytes the server's message limit */
export function chunksOf(bytes: Uint8Array, maxMessageBytes: number): Uint8Array[] {
  const length = Math.max(1, Math.min(CHUNK_BYTES, maxMessageBytes - HEADER_BYTES));
  const count = Math.max(1, Math.ceil(bytes.length / length));
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * length, (index + 1) * length));
}

export function chunkHeaders(
  chunk: Uint8Array,
  { index, count, size }: Pick<Chunk, 'index' | 'count' | 'size'>,
): Record<string, string> {
  return {
    [CHUNK_HEADER.place]: `${index}/${count}`,
    [CHUNK_HEADER.size]: String(size),
    ...(count > 1 && { [CHUNK_HEADER.sha256]: sha256Of(chunk) }),
  };
}

/** The position of a chunk in its payload; undefined if the message is not a chunk. */
function chunkPlace(message: { header(name: string): string | undefined }): Pick<Chunk, 'index' | 'count'> | undefined {
  const place = /^(\d{1,9})\/(\d{1,9})$/.exec(message.header(CHUNK_HEADER.place) ?? '');
  return place ? { index: Number(place[1]), count: Number(place[2]) } : undefined;
}

/**
 * The chunk in a stored message; undefined if its bytes differ from those that were stored.
 * @param sha256 of the whole payload
 */
export function chunkOf(
  message: { readonly sequence: number; readonly data: Uint8Array; header(name: string): string | undefined },
  sha256: string,
): Chunk | undefined {
  const place = chunkPlace(message);
  const size = Number(message.header(CHUNK_HEADER.size) ?? NaN);
  if (!place || !Number.isSafeInteger(size)) return undefined;
  const { index, count } = place;
  const expected = count === 1 ? sha256 : message.header(CHUNK_HEADER.sha256);
  if (sha256Of(message.data) !== expected) return undefined;
  return { sequence: message.sequence, index, count, size, data: message.data };
}
