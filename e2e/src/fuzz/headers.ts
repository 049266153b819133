import fc from 'fast-check';
import { oddText } from './values.ts';
import type { World } from './world.ts';

/** Texts that Node sends as a header's value. */
const value = oddText.map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?'));

type Header = Readonly<Record<string, string>>;

/** Headers that something reads, with values that it should expect and others. */
export function oddHeader(world: World): fc.Arbitrary<Header> {
  const some: Readonly<Record<string, readonly string[]>> = {
    'osk-wait-sequence': [
      ...world.positions,
      `pos_${'A'.repeat(22)}`,
      'pos_',
      '1',
      '999999999',
      '9007199254740993',
      '-1',
      '1e3',
    ],
    'idempotency-key': [...world.idempotencyKeys, 'k', 'k'.repeat(255), 'k'.repeat(256)],
    'x-request-id': ['abc', 'a'.repeat(129), 'a b', '../log'],
    traceparent: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-0-0-0'],
    tracestate: ['a=b', 'x'.repeat(600)],
    'accept-encoding': ['gzip', 'br', 'zstd', 'identity;q=0', '*;q=0', 'gzip;q=2', 'gzip,'.repeat(100)],
    accept: ['application/json', 'text/html', '*/*;q=0', 'x/y;'.repeat(50)],
    'content-type': [
      'text/plain',
      'application/xml',
      'application/json; charset=utf-16',
      'multipart/form-data',
      'application/json;'.repeat(9),
    ],
    range: ['bytes=0-0', 'bytes=5-2', 'bytes=-1', 'bytes=0-1,2-3', `bytes=${'0-1,'.repeat(99)}`, 'bytes=99999999999-'],
    'if-range': ['"x"', 'W/"x"'],
    'if-none-match': world.hashes.map((hash) => `"${hash}"`).concat('*', ','.repeat(200)),
    origin: ['https://elsewhere.example', 'null', 'http://localhost:3211'],
    'access-control-request-method': ['DELETE', 'x'],
    'access-control-request-headers': ['authorization', 'x,'.repeat(200)],
    host: ['elsewhere.example', '127.0.0.1', '[::1]:99', 'a/b'],
    forwarded: ['for=127.0.0.1'],
    'x-forwarded-for': ['127.0.0.1', '::1, 10.0.0.1', 'x,'.repeat(300)],
    'x-forwarded-host': ['elsewhere.example'],
    'x-forwarded-proto': ['https', 'gopher'],
    'x-http-method-override': ['DELETE'],
    'x-original-url': ['/metrics'],
    'x-user-id': ['usr_1'],
    authorization: [
      '',
      'Bearer',
      'Bearer osk_',
      'Bearer osk_a osk_b',
      `Bearer osk_${'a'.repeat(9_000)}`,
      'bearer  osk_x',
    ],
    cookie: ['session=x; '.repeat(20)],
    te: ['trailers'],
    expect: ['100-continue', '200-ok'],
    'content-language': ['xx'],
    'x-large': ['x'.repeat(7_000), 'x'.repeat(15_000)],
  };
  return fc
    .constantFrom(...Object.keys(some))
    .chain((name) =>
      fc
        .oneof({ weight: 3, arbitrary: fc.constantFrom(...some[name]!) }, { weight: 1, arbitrary: value })
        .map((text) => ({ [name]: text })),
    );
}
