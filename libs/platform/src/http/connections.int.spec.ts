import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from './testing/eventually.ts';
import { bearer, gate, INGEST_KEY, startApp } from './testing/test-app.ts';

type App = Awaited<ReturnType<typeof startApp>>;
const opened: Socket[] = [];
let running: App | undefined;
const start = async (options: Parameters<typeof startApp>[0]) => (running = await startApp(options));
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await running?.app.close();
  running = undefined;
});

async function open({ port }: App, sent = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  opened.push(socket);
  await once(socket, 'connect');
  if (sent !== '') socket.write(sent);
  return socket;
}
/** All bytes until the connection is closed, also if it is closed while this side is still sending. */
async function received(socket: Socket): Promise<string> {
  let all = '';
  socket.on('data', (data) => (all += String(data)));
  // Not `once` of node:events, which would reject with the error.
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return all;
}

const HEALTH = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';

describe('a slow client', () => {
  // The total time is bounded, so a client that sends something now and then gains nothing.
  const timeouts = { headersMs: 100, requestMs: 300, checkMs: 10 };
  const drip = (socket: Socket, piece: string) => {
    const timer = setInterval(() => socket.writable && socket.write(piece), 20);
    socket.once('close', () => clearInterval(timer));
  };

  it.each([
    ['that sends no end of its headers', 'GET /health HTTP/1.1\r\nHost: x\r\n', 'X: 1\r\n'],
    ['that sends its request line byte by byte', 'GET /', 'x'],
  ])('%s gets 408', async (_name, begin, piece) => {
    const app = await start({ timeouts });
    const socket = await open(app, begin);
    drip(socket, piece);
    const answer = await received(socket);
    expect(answer).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
    expect(answer).toContain('access-control-allow-origin: *');
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({
      error: { code: 'REQUEST_TIMEOUT', requestId: /x-request-id: (\S+)/.exec(answer)![1] },
    });
  });

  it('whose body does not arrive gets 408 under the id of its request', async () => {
    const app = await start({ timeouts });
    const head = `POST /write HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nAuthorization: ${bearer(INGEST_KEY).authorization}`;
    const socket = await open(app, `${head}\r\nContent-Length: 4000\r\n\r\n`);
    drip(socket, ' ');
    const answer = await received(socket);
    expect(answer).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
    expect(answer).toMatch(/x-request-id: mine\r\n/i);
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({
      error: { code: 'REQUEST_TIMEOUT', requestId: 'mine' },
    });
  });

  it('whose body hardly arrives gets 408 long before its time is up', async () => {
    const app = await start({ timeouts: { slowUploadMs: 100, uploadRate: 1024 * 1024, checkMs: 10 } });
    const head = `POST /write HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nAuthorization: ${bearer(INGEST_KEY).authorization}`;
    const socket = await open(app, `${head}\r\nContent-Length: 4000\r\n\r\n`);
    drip(socket, ' ');
    const answer = await received(socket);
    expect(answer).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({
      error: { code: 'REQUEST_TIMEOUT', requestId: 'mine' },
    });
  });

  it.each([
    ['without a key', 'POST /write', undefined, 401],
    ['to no route', 'POST /nowhere', INGEST_KEY, 404],
    ['to a route that takes none', 'GET /both', INGEST_KEY, 200],
  ])('whose body hardly arrives after its answer is disconnected: %s', async (_name, line, key, status) => {
    const app = await start({ timeouts: { slowUploadMs: 100, uploadRate: 1024 * 1024, checkMs: 10 } });
    const authorization = key === undefined ? '' : `Authorization: ${bearer(key).authorization}\r\n`;
    const socket = await open(app, `${line} HTTP/1.1\r\nHost: x\r\n${authorization}Content-Length: 4000000\r\n\r\n`);
    drip(socket, ' ');
    const answer = await received(socket);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    // Nothing follows it, which a proxy would take for the answer to the next request.
    expect(answer.match(/HTTP\/1.1/g)).toHaveLength(1);
  });

  it('that says nothing is cut off, without a word', async () => {
    const app = await start({ timeouts });
    expect(await received(await open(app))).toBe('');
  });

  it('that sends nothing after a request is disconnected', async () => {
    const app = await start({ timeouts: { ...timeouts, keepAliveMs: 50 } });
    const answer = await received(await open(app, HEALTH));
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer.match(/HTTP\/1.1/g)).toHaveLength(1);
  });

  it('that receives nothing and sends nothing for too long is disconnected', async () => {
    const app = await start({ timeouts: { ...timeouts, silenceMs: 100 } });
    gate.opened = new Promise(() => undefined);
    const socket = await open(app, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await received(socket)).toBe('');
  });

  it('does not delay others', async () => {
    const app = await start({ timeouts });
    await Promise.all(Array.from({ length: 50 }, () => open(app, 'GET /health HTTP/1.1\r\n')));
    expect((await fetch(`${app.url}/health`)).status).toBe(200);
  });
});

describe('the number of connections', () => {
  const LIMIT = 20;
  const settings = { OPENSYNC_MAX_CONNECTIONS: LIMIT };
  const isOpen = (socket: Socket) => !socket.closed;

  it('is bounded: the oldest idle connections make room for new ones', async () => {
    const app = await start({ settings });
    const silent: Socket[] = [];
    for (let n = 0; n < 3 * LIMIT; n++) {
      const socket = await open(app);
      socket.resume();
      silent.push(socket);
    }
    await eventually(() => silent.filter(isOpen).length <= LIMIT);
    expect(silent.slice(-LIMIT / 2).every(isOpen)).toBe(true);
    expect((await fetch(`${app.url}/health`)).status).toBe(200);
  });

  it.each([
    ['half a request', 'GET /health HTTP/1.1\r\n'],
    ['a request that was answered', HEALTH],
  ])('is bounded for clients that send %s', async (_name, sent) => {
    const app = await start({ settings });
    const sockets: Socket[] = [];
    for (let n = 0; n < 3 * LIMIT; n++) {
      const socket = await open(app, sent);
      if (sent === HEALTH) await once(socket, 'data');
      socket.resume();
      sockets.push(socket);
    }
    await eventually(() => sockets.filter(isOpen).length <= LIMIT);
    expect((await fetch(`${app.url}/health`)).status).toBe(200);
  });

  it('is bounded for one address, whose connections make room for each other', async () => {
    const app = await start({ settings: { ...settings, OPENSYNC_ADDRESS_CONNECTIONS: 5 } });
    const sockets: Socket[] = [];
    for (let n = 0; n < LIMIT; n++) {
      const socket = await open(app);
      socket.resume();
      sockets.push(socket);
    }
    await eventually(() => sockets.filter(isOpen).length <= 5);
    expect(sockets.slice(-4).every(isOpen)).toBe(true);
    expect((await fetch(`${app.url}/health`)).status).toBe(200);
  });

  it('rejects a connection of an address whose others all have a request, with 429', async () => {
    const app = await start({ settings: { ...settings, OPENSYNC_ADDRESS_CONNECTIONS: 5 } });
    let answer = () => {};
    gate.opened = new Promise((resolve) => (answer = resolve));
    const before = gate.arrived;
    for (let n = 0; n < 5; n++) await open(app, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => gate.arrived === before + 5);
    const refused = await received(await open(app));
    answer();
    expect(refused).toMatch(/^HTTP\/1.1 429 Too Many Requests\r\n/);
    expect(refused).toMatch(/retry-after: 1\r\n/);
    expect(JSON.parse(refused.split('\r\n\r\n')[1]!)).toMatchObject({
      error: { code: 'RATE_LIMITED', message: expect.stringContaining('OPENSYNC_ADDRESS_CONNECTIONS') as string },
    });
  });

  it('does not count the connections of a trusted proxy by address', async () => {
    const app = await start({
      settings: { ...settings, OPENSYNC_ADDRESS_CONNECTIONS: 1, OPENSYNC_TRUSTED_PROXIES: 'loopback' },
    });
    const sockets = await Promise.all(Array.from({ length: 10 }, () => open(app, HEALTH)));
    await Promise.all(sockets.map((socket) => once(socket, 'data')));
    expect(sockets.every(isOpen)).toBe(true);
  });

  it('keeps an idle connection that had a valid key, however many others come without one', async () => {
    const app = await start({ settings });
    const request = `GET /both HTTP/1.1\r\nHost: x\r\nAuthorization: ${bearer(INGEST_KEY).authorization}\r\n\r\n`;
    const member = await open(app, request);
    await once(member, 'data');
    for (let n = 0; n < 3 * LIMIT; n++) {
      const socket = await open(app, HEALTH);
      await once(socket, 'data');
      socket.resume();
    }
    member.write(request);
    const [again] = (await once(member, 'data')) as [Buffer];
    expect(again.toString()).toMatch(/^HTTP\/1.1 200 OK/);
  });

  it('never closes a connection whose request is being answered', async () => {
    const app = await start({ settings });
    let answer = () => {};
    gate.opened = new Promise((resolve) => (answer = resolve));
    const before = gate.arrived;
    const busy = await Promise.all(
      Array.from({ length: LIMIT - 1 }, () => open(app, 'GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')),
    );
    await eventually(() => gate.arrived === before + LIMIT - 1);
    for (let n = 0; n < LIMIT; n++) (await open(app)).resume();
    answer();
    for (const socket of busy) expect(await received(socket)).toMatch(/^HTTP\/1.1 200 OK/);
  });

  it('rejects a connection if all others have a request, and accepts it when one is answered', async () => {
    const app = await start({ settings });
    let answer = () => {};
    gate.opened = new Promise((resolve) => (answer = resolve));
    const before = gate.arrived;
    const busy = await Promise.all(
      Array.from({ length: LIMIT }, () => open(app, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')),
    );
    await eventually(() => gate.arrived === before + LIMIT);
    const refused = await received(await open(app));
    expect(refused).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n/);
    expect(refused).toMatch(/retry-after: 1\r\n/);
    expect(JSON.parse(refused.split('\r\n\r\n')[1]!)).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    answer();
    await Promise.all(busy.map((socket) => once(socket, 'data')));
    expect((await fetch(`${app.url}/health`)).status).toBe(200);
  });
});
