import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { waitFor } from '@opensync/testkit';
import { wholeOrStream } from './streamed.ts';

const PIECE = 64 * 1024;

/** Pieces that show how many were produced, and whether they have ended. */
function pieces(count: number) {
  const seen = { made: 0, ended: false };
  async function* make() {
    try {
      for (; seen.made < count; seen.made++) yield Buffer.alloc(PIECE, seen.made);
    } finally {
      seen.ended = true;
    }
  }
  return { seen, source: make() };
}
const calm = { isContended: () => false };
const streamOf = async (source: AsyncGenerator<Buffer>, options: Parameters<typeof wholeOrStream>[1] = calm) =>
  (await wholeOrStream(source, options)) as Readable;

describe('an answer', () => {
  it('is whole if it is one piece', async () => {
    const { source, seen } = pieces(1);
    expect(await wholeOrStream(source, calm)).toEqual(Buffer.alloc(PIECE, 0));
    expect(seen.ended).toBe(true);
  });

  it('is a stream of its pieces if there are several', async () => {
    const body = await buffer(await streamOf(pieces(5).source));
    expect(body).toEqual(Buffer.concat([0, 1, 2, 3, 4].map((value) => Buffer.alloc(PIECE, value))));
  });

  it.each([0, 1])('fails completely if piece %i fails', async (at) => {
    async function* failing() {
      for (let made = 0; made < at; made++) yield Buffer.alloc(1);
      throw new Error('away');
    }
    await expect(wholeOrStream(failing(), calm)).rejects.toThrow('away');
  });

  it('is not produced faster than it is consumed', async () => {
    const { source, seen } = pieces(1000);
    const stream = await streamOf(source);
    await once(stream, 'readable');
    for (let taken = 1; taken < 20; taken++) {
      stream.read(PIECE);
      await once(stream, 'readable');
      expect(seen.made).toBeLessThanOrEqual(taken + 6);
    }
    stream.destroy();
    await waitFor(() => seen.ended);
  });

  it('yields to the event loop between its pieces, however fast they are consumed', async () => {
    const { source, seen } = pieces(200);
    let turns = 0;
    let over = false;
    const turn = () => void (over || (turns++, setImmediate(turn)));
    turn();
    await buffer(await streamOf(source));
    over = true;
    expect(seen.made).toBe(200);
    expect(turns).toBeGreaterThan(150);
  });

  it('ends with its client, read from or not', async () => {
    for (const read of [true, false]) {
      const { source, seen } = pieces(1000);
      const stream = await streamOf(source);
      if (read) await once(stream, 'readable');
      stream.destroy();
      await waitFor(() => seen.ended);
    }
  });

  it.each([
    ['that takes nothing', { isContended: (): boolean => false, stallMs: 10 }],
    ['that takes nothing while others wait', { isContended: (): boolean => true, contendedStallMs: 10 }],
  ])('is aborted for a client %s', async (_name, options) => {
    const { source, seen } = pieces(1000);
    const stream = await streamOf(source, options);
    stream.read(0);
    const [error] = (await once(stream, 'error')) as [Error];
    expect(error.message).toBe('the client does not read its answer');
    await waitFor(() => seen.ended);
  });
});
