import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tcpProxy, type TcpProxy } from './tcp-proxy.ts';

describe('a TCP proxy', () => {
  let echo: Server;
  let proxy: TcpProxy;
  const clients: Socket[] = [];
  beforeEach(async () => {
    echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await tcpProxy(`tcp://127.0.0.1:${(echo.address() as AddressInfo).port}`);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy.close();
    echo.close();
  });

  async function client(): Promise<Socket> {
    const socket = connect(proxy.port, '127.0.0.1');
    clients.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** The echo, or the code of the error. */
  async function say(socket: Socket, text: string): Promise<string> {
    socket.write(text);
    return once(socket, 'data').then(
      ([data]) => String(data),
      (error: NodeJS.ErrnoException) => error.code!,
    );
  }

  it('closes the connection of every n-th piece, and no other', async () => {
    const [one, other] = [await client(), await client()];
    // A word and its echo are two pieces: the fifth is the third word.
    proxy.become({ tearEvery: 5 });
    expect(await say(one, 'one')).toBe('one');
    expect(await say(other, 'two')).toBe('two');
    expect(await say(one, 'three')).toBe('ECONNRESET');
    expect(await say(other, 'four')).toBe('four');
    proxy.become('open');
    expect(await say(await client(), 'five')).toBe('five');
  });

  it('lets nothing through, open or new, while it is cut', async () => {
    const open = await client();
    const torn = once(open, 'error');
    proxy.become('cut');
    expect(await torn).toMatchObject([{ code: 'ECONNRESET' }]);
    await expect(client().then((socket) => once(socket, 'close'))).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
