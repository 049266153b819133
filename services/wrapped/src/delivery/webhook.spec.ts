import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isPublic } from './addresses.ts';
import { postWebhook } from './webhook.ts';

const HOST = '127.0.0.1';
const NOW = Date.parse('2026-11-30T08:00Z');

describe('an address', () => {
  it.each(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'])('%s is public', (address) => {
    expect(isPublic(address)).toBe(true);
  });
  it.each([
    ...['127.0.0.1', '10.0.0.1', '172.16.3.4', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
    ...['224.0.0.1', '255.255.255.255', '198.18.0.1', '::1', '::', 'fe80::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1'],
    ...['::ffff:10.0.0.1', '::ffff:169.254.169.254', '64:ff9b::a00:1', '2002:a00:1::', '2001:db8::1', 'localhost', ''],
  ])('%j is not', (address) => {
    expect(isPublic(address)).toBe(false);
  });
});

describe('a webhook', () => {
  let server: Server;
  let received: { request: IncomingMessage; body: string }[];
  let answer: { status: number; headers?: Record<string, string>; body?: string } | 'silence';
  let url: string;
  beforeEach(async () => {
    received = [];
    answer = { status: 200 };
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push({ request, body });
        if (answer === 'silence') return;
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    url = `http://${HOST}:${(server.address() as AddressInfo).port}/services/T0/secret`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const post = (target = url, options: Partial<Parameters<typeof postWebhook>[2]> = {}) =>
    postWebhook(
      { url: target, secret: 'sesame' },
      { text: 'Hello' },
      { key: 'wsp.usr.2026-11-29', now: NOW, privateHosts: [HOST], ...options },
    );

  it('receives JSON with a signature and a key by which it may recognize a repetition', async () => {
    await post();
    const [{ request, body }] = received as [(typeof received)[0]];
    expect(JSON.parse(body)).toEqual({ text: 'Hello' });
    const time = NOW / 1000;
    const signature = createHmac('sha256', 'sesame').update(`${time}.${body}`).digest('hex');
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': 'wsp.usr.2026-11-29',
      'osk-signature': `t=${time},v1=${signature}`,
    });
  });

  it.each([
    ['not with https', () => url, {}, 'https'],
    [
      'of a private host',
      () => 'https://intranet.example/hook',
      { address: '10.1.2.3', family: 4 },
      'not a public host',
    ],
    [
      'of the metadata of a cloud',
      () => 'https://[fd00:ec2::254]/',
      { address: 'fd00:ec2::254', family: 6 },
      'not a public host',
    ],
    ['of a host without address', () => 'https://nowhere.example/', undefined, 'no address'],
  ])('%s is not called', async (_what, target, found, message) => {
    const resolve = async () => (found && 'address' in found ? [found as { address: string; family: number }] : []);
    const failure = post(target(), { privateHosts: [], resolve });
    await expect(failure).rejects.toThrow(message);
    expect(received).toEqual([]);
  });

  it('is not called if any of its addresses is private, whatever the first is', async () => {
    const resolve = async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    await expect(post('https://mixed.example/', { resolve })).rejects.toThrow('not a public host');
  });

  it('is checked again at a redirect', async () => {
    answer = { status: 307, headers: { location: 'http://169.254.169.254/latest/meta-data' } };
    await expect(post()).rejects.toThrow('169.254.169.254 is not reached with https');
    answer = { status: 308, headers: { location: 'https://10.0.0.1/' } };
    const resolve = async (host: string) => [{ address: host, family: 4 }];
    await expect(post(url, { resolve })).rejects.toThrow('10.0.0.1 is not a public host');
    // In a circle.
    answer = { status: 307, headers: { location: url } };
    await expect(post()).rejects.toThrow('answered 307');
    expect(received).toHaveLength(2 + 4);
  });

  it.each([301, 302, 400, 404, 500])(
    'that answers %d has not received it; its path is in no message',
    async (status) => {
      answer = { status, headers: { location: '/elsewhere' } };
      const failure = await post().catch((error: Error) => error);
      expect((failure as Error).message).toBe(`${HOST} answered ${status}`);
    },
  );

  it('that answers too much, or nothing, is left', async () => {
    answer = { status: 200, body: 'x'.repeat(200_000) };
    await expect(post()).rejects.toThrow(`${HOST} answers too much`);
    answer = 'silence';
    await expect(post(url, { timeoutMs: 50 })).rejects.toThrow(`${HOST} did not answer in time`);
  });
});
