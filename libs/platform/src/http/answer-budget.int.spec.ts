import { once } from 'node:events';
import { connect, type Server, type Socket } from 'node:net';
import { eventually } from './testing/eventually.ts';
import { bearer, errorOf, INGEST_KEY, READ_KEY, startApp } from './testing/test-app.ts';

type App = Awaited<ReturnType<typeof startApp>>;
/** More than the buffers of a connection take, on both sides. */
const ANSWER_BYTES = 16 * 1024 * 1024;
const opened: Socket[] = [];
let app: App | undefined;
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await app?.app.close();
  app = undefined;
});

/** A client that asks and never reads. */
async function askWithoutReading({ port }: App, key: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  opened.push(socket);
  socket.pause();
  await once(socket, 'connect');
  const { authorization } = bearer(key);
  socket.write(`GET /large?bytes=${ANSWER_BYTES} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`);
  return socket;
}
const ask = ({ url }: App, key: string, bytes = 100_000) =>
  fetch(`${url}/large?bytes=${bytes}`, { headers: bearer(key) });

describe('whole answers', () => {
  it('that nobody reads leave their key no room for large ones, and every other key its own', async () => {
    app = await startApp({ answersLimit: 4 * ANSWER_BYTES });
    const unread = [];
    for (let n = 0; n < 11; n++) unread.push(await askWithoutReading(app, READ_KEY));
    let refused: Response | undefined;
    await eventually(async () => {
      refused = await ask(app!, READ_KEY, ANSWER_BYTES);
      if (refused.status !== 503) await refused.arrayBuffer();
      return refused.status === 503;
    });
    expect(refused!.headers.get('retry-after')).toBe('3');
    expect(refused!.headers.get('cache-control')).toBe('no-store');
    expect(await errorOf(refused!)).toMatchObject({ code: 'UNAVAILABLE' });
    expect((await (await ask(app, INGEST_KEY, ANSWER_BYTES)).arrayBuffer()).byteLength).toBe(ANSWER_BYTES);
    for (const socket of unread) socket.destroy();
    await eventually(async () => {
      const answer = await ask(app!, READ_KEY, ANSWER_BYTES);
      await answer.arrayBuffer();
      return answer.status === 200;
    });
  });

  it('that are not taken in time end with their connection, and those that are do not', async () => {
    app = await startApp({ timeouts: { slowAnswerMs: 0, answerRate: 1024 * ANSWER_BYTES, checkMs: 10 } });
    const unread = await askWithoutReading(app, READ_KEY);
    await eventually(async () => (await connectionsOf(app!)) === 0);
    expect(unread.destroyed).toBe(false);
    // The rest of an answer is missing.
    let bytes = 0;
    unread.on('data', (piece: Buffer) => (bytes += piece.length));
    unread.on('error', () => undefined);
    unread.resume();
    if (!unread.closed) await new Promise((resolve) => unread.once('close', resolve));
    expect(bytes).toBeLessThan(ANSWER_BYTES);
  });

  it('give their room back when they are read', async () => {
    app = await startApp({ answersLimit: 4 * ANSWER_BYTES });
    for (let n = 0; n < 10; n++) {
      const answer = await ask(app, READ_KEY, ANSWER_BYTES);
      expect((await answer.arrayBuffer()).byteLength).toBe(ANSWER_BYTES);
    }
  });
});

function connectionsOf({ app }: App): Promise<number> {
  return new Promise((resolve, reject) =>
    (app.getHttpServer() as Server).getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}
