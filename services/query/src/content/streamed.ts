import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface StreamOptions {
  /** Whether others wait for the memory of this stream. */
  readonly isContended: () => boolean;
  /** How long a client may read nothing, in milliseconds, and how long while others wait. */
  readonly stallMs?: number;
  readonly contendedStallMs?: number;
}

const STALL_MS = 60_000;
const CONTENDED_STALL_MS = 5_000;
const LOOK_MS = 500;

/**
 * A whole answer if there is only one piece, otherwise a stream. Pieces are produced only as the client reads; when
 * it goes away, or reads nothing for too long, `pieces` end and release their memory.
 * @throws errors of the first two pieces
 */
export async function wholeOrStream(
  pieces: AsyncGenerator<Buffer>,
  { isContended, stallMs = STALL_MS, contendedStallMs = CONTENDED_STALL_MS }: StreamOptions,
): Promise<Buffer | Readable> {
  const first = await pieces.next();
  if (first.done) return Buffer.alloc(0);
  const second = await pieces.next();
  if (second.done) return first.value;

  let waitingSince: number | undefined;
  const stream = Readable.from(watched(), { objectMode: false });
  const watch = setInterval(() => {
    if (waitingSince === undefined) return;
    const limit = isContended() ? contendedStallMs : stallMs;
    if (performance.now() - waitingSince > limit) stream.destroy(new Error('the client does not read its answer'));
  }, LOOK_MS);
  stream.once('close', () => {
    clearInterval(watch);
    // A stream that nobody has read from has not started its source, and does not end it.
    void pieces.return(undefined);
  });
  return stream;

  async function* watched() {
    for (let piece = first; !piece.done; piece = piece === first ? second : await pieces.next()) {
      waitingSince = performance.now();
      yield piece.value;
      waitingSince = undefined;
      // A fast client with ready pieces would keep the event loop from everybody else.
      await nextTurn();
    }
  }
}
