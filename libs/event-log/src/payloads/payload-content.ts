import type { PayloadScope } from '@opensync/contracts';
import type { ChunkReader, Head } from './chunk-reader.ts';
import { sha256Of } from './chunks.ts';
import type { FormerBucket } from './former-bucket.ts';
import { PayloadLostError } from './lost.ts';

/** A byte range of a payload, as for `slice`. */
export interface ByteRange {
  readonly start?: number;
  /** The first byte that is not wanted. */
  readonly end?: number;
}

export interface Sources {
  readonly reader: ChunkReader;
  readonly former: FormerBucket;
}

/**
 * A range of a payload in pieces, each verified before it is handed on.
 * @throws PayloadLostError; AppError UNAVAILABLE
 */
export async function* piecesOf(
  { reader }: Sources,
  scope: PayloadScope,
  sha256: string,
  range: ByteRange = {},
): AsyncGenerator<Uint8Array> {
  const head = await reader.head(scope, sha256);
  if (!head) throw new PayloadLostError(sha256, 'missing');
  yield* piecesOfHead(reader, head, range);
}

/**
 * As piecesOf, for the content of a reference in this scope. A reference of an earlier version refers to content
 * shared by all owners, which is found, too.
 */
export async function* referencedPieces(
  { reader, former }: Sources,
  scope: PayloadScope,
  sha256: string,
): AsyncGenerator<Uint8Array> {
  const head =
    (await reader.head(scope, sha256)) ?? (scope === 'unscoped' ? undefined : await reader.head('unscoped', sha256));
  if (head) return yield* piecesOfHead(reader, head);
  const bytes = await former.get(scope, sha256);
  if (!bytes) throw new PayloadLostError(sha256, 'missing');
  yield bytes;
}

/** All pieces of a payload in one buffer. @throws PayloadLostError if they differ from the stored content */
export async function whole(sha256: string, pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const read = await Array.fromAsync(pieces);
  if (read.length === 1) return read[0]!;
  const bytes = Buffer.concat(read);
  if (sha256Of(bytes) !== sha256) throw new PayloadLostError(sha256, 'damaged');
  return bytes;
}

async function* piecesOfHead(reader: ChunkReader, head: Head, range: ByteRange = {}): AsyncGenerator<Uint8Array> {
  const { chunkBytes, last } = head;
  const { start = 0, end = last.size } = range;
  const from = Math.floor(start / chunkBytes);
  let at = from * chunkBytes;
  for await (const { data } of reader.chunks(head, from, Math.min(last.count, Math.ceil(end / chunkBytes)))) {
    const piece = data.subarray(Math.max(0, start - at), Math.max(0, end - at));
    at += data.length;
    if (piece.length > 0) yield piece;
  }
}
