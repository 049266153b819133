import fc from 'fast-check';
import type { World } from './world.ts';

const HOST = 'Host: localhost';

/** Requests that no HTTP client would send, as bytes: broken, ambiguous, or with another hidden in them. */
export function rawRequests({ keys }: World): fc.Arbitrary<Buffer> {
  const key = `Authorization: ${keys.full!}`;
  const json = 'Content-Type: application/json';
  const hidden = `GET /api/sessions HTTP/1.1\r\n${HOST}\r\n\r\n`;
  const lines = (...all: readonly string[]) => `${all.join('\r\n')}\r\n\r\n`;
  const post = (...headers: readonly string[]) => lines('POST /search HTTP/1.1', HOST, key, json, ...headers);
  const get = (...headers: readonly string[]) => lines('GET /api/sessions HTTP/1.1', HOST, key, ...headers);
  const texts = [
    `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n${hidden}`,
    `${post('Content-Length: 2', `Content-Length: ${hidden.length + 2}`)}{}${hidden}`,
    `${post('Content-Length: +2')}{}`,
    `${post('Content-Length: 0x2')}{}`,
    `${post('Content-Length: 99999999999999999999')}{}`,
    `${post('Transfer-Encoding: xchunked')}0\r\n\r\n`,
    `${post('Transfer-Encoding: chunked, identity')}0\r\n\r\n`,
    `${post('Transfer-Encoding : chunked')}0\r\n\r\n`,
    `${post('Transfer-Encoding: chunked')}2;${'x'.repeat(9_000)}\r\n{}\r\n0\r\n\r\n`,
    `${post('Transfer-Encoding: chunked')}zz\r\n{}\r\n0\r\n\r\n`,
    `${post('Transfer-Encoding: chunked')}2\r\n{}\r\n0\r\nAuthorization: x\r\n\r\n`,
    `${get()}${hidden}`,
    get('Content-Length: 3') + `abc${hidden}`,
    get('X-Folded: a', ' b'),
    get('X-Nul: a\u0000b'),
    get('X Name: a'),
    get(': a'),
    get(key),
    get('Host: elsewhere.example'),
    get('Upgrade: websocket', 'Connection: Upgrade'),
    get('Connection: close, authorization'),
    get(`X-Many: ${'a'.repeat(17_000)}`),
    get(...Array.from({ length: 1_500 }, (_, n) => `H${n}: 1`)),
    lines('GET /api/sessions HTTP/1.1', key),
    lines('GET /api/sessions HTTP/1.0', key),
    lines('GET /api/sessions HTTP/2.0', HOST, key),
    lines('GET /api/sessions HTTP/9.9', HOST, key),
    lines('GET /api/sessions', HOST, key),
    lines('GET  /api/sessions  HTTP/1.1', HOST, key),
    lines('GET /api/ses sions HTTP/1.1', HOST, key),
    lines(`GET /${'a'.repeat(20_000)} HTTP/1.1`, HOST, key),
    lines('GET * HTTP/1.1', HOST, key),
    lines('OPTIONS * HTTP/1.1', HOST),
    lines('CONNECT elsewhere.example:443 HTTP/1.1', HOST, key),
    lines('get /api/sessions HTTP/1.1', HOST, key),
    lines('\u0000ET /api/sessions HTTP/1.1', HOST, key),
    lines('GET ../../etc/passwd HTTP/1.1', HOST, key),
    `GET /api/sessions HTTP/1.1\n${HOST}\n${key}\n\n`,
    `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    '\r\n\r\n\r\n',
  ];
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...texts).map((text) => Buffer.from(text, 'latin1')) },
    // Any of them with a few bytes changed.
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...texts), fc.nat({ max: 80 }), fc.uint8Array({ minLength: 1, maxLength: 3 }))
        .map(([text, at, bytes]) => {
          const changed = Buffer.from(text, 'latin1');
          changed.set(bytes.subarray(0, Math.max(0, changed.length - at)), Math.min(at, changed.length));
          return changed;
        }),
    },
  );
}
