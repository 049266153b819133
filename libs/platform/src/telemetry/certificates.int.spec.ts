import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { observeCertificates, tlsServersOf } from './certificates.ts';
import { Registry } from './metrics.ts';

/** Made for this test, of `localhost`, until Nov  6 02:24:11 2126 GMT. */
const EXPIRES = 'Nov  6 02:24:11 2126 GMT';
const cert = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUAgi+XZjKy0CFcQRfYhEj/ftMXi8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEzMDAyMjQxMVoYDzIxMjYxMTA2
MDIyNDExWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARUyqR8z0GgOoRiFrPh8IRgUwpc1i4erv32430vuopRNlTEBXm50npu
/HVxAZKNi2ylb9r2tHh8NLOozJusNYZ+o1MwUTAdBgNVHQ4EFgQUB58MLSypMrZO
Mvx9l0YI9viD8OMwHwYDVR0jBBgwFoAUB58MLSypMrZOMvx9l0YI9viD8OMwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA17qmeU1HTio+hgXJJbDv
UoMS5GtbFO9B4QWadK2zGTECIEAcCOlKhnWshb0jbAwQCndssW6S3hwmzbXu525I
A0qA
-----END CERTIFICATE-----
`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLvy9iRMu88EtMLa7
KwI9FACPzlMvpBj0BfffyEToPgahRANCAARUyqR8z0GgOoRiFrPh8IRgUwpc1i4e
rv32430vuopRNlTEBXm50npu/HVxAZKNi2ylb9r2tHh8NLOozJusNYZ+
-----END PRIVATE KEY-----
`;

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function expiries(settings: Parameters<typeof observeCertificates>[1]): Promise<Record<string, number>> {
  const metrics = new Registry();
  observeCertificates(metrics, settings);
  const lines = [...(await metrics.metrics()).matchAll(/^opensync_certificate\S+\{setting="(\w+)"\} (\S+)$/gm)];
  return Object.fromEntries(lines.map(([, setting, value]) => [setting, Number(value)]));
}

describe('certificates of servers', () => {
  it('are read from servers that begin with TLS, and from NATS servers, which greet first', async () => {
    const secure = await listening(createTlsServer({ cert, key }).on('tlsClientError', () => undefined));
    const nats = await listening(
      createTcpServer((socket) => {
        socket.write('INFO {}\r\n');
        new TLSSocket(socket, { isServer: true, cert, key }).on('error', () => undefined);
        socket.on('error', () => undefined);
      }),
    );
    const at = Date.parse(EXPIRES) / 1000;
    expect(
      await expiries({
        NATS_URL: `nats://127.0.0.1:1, tls://user:secret@127.0.0.1:${nats}`,
        ELASTICSEARCH_URL: `https://localhost:${secure}`,
        QDRANT_URL: `http://localhost:${secure}`,
        MONGODB_URL: `mongodb://u:p@127.0.0.1:${secure}/db?tls=true`,
      }),
    ).toEqual({ NATS_URL: at, ELASTICSEARCH_URL: at, MONGODB_URL: at });
  });

  it('of a server that does not answer show nothing, and hold nothing up', async () => {
    const port = await listening(createTcpServer((socket) => socket.destroy()));
    expect(await expiries({ QDRANT_URL: `https://127.0.0.1:${port}`, NATS_URL: `tls://127.0.0.1:${port}` })).toEqual(
      {},
    );
  });

  it.each([
    ['NATS_URL', 'nats://a:1,b:2', []],
    ['NATS_URL', 'tls://a', [{ host: 'a', port: 4222, greets: true }]],
    ['OPENSYNC_LOGIN_URL', 'https://sync.example', [{ host: 'sync.example', port: 443, greets: false }]],
    ['OPENSYNC_LOGIN_URL', 'http://localhost:3211', []],
    ['ELASTICSEARCH_URL', 'https://[::1]:9200', [{ host: '::1', port: 9200, greets: false }]],
    ['MONGODB_URL', 'mongodb://a,b:2/x', []],
    [
      'MONGODB_URL',
      'mongodb://a,b:2/x?ssl=true',
      [
        { host: 'a', port: 27017, greets: false },
        { host: 'b', port: 2, greets: false },
      ],
    ],
    ['MONGODB_URL', undefined, []],
  ] as const)('of %s %s', (setting, value, expected) => {
    expect(tlsServersOf(setting, value)).toEqual(expected);
  });
});
