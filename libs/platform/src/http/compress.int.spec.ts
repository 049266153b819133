import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, createGunzip, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { gate, INGEST_KEY, ROWS, bearer, startApp } from './testing/test-app.ts';

const DECODE = { br: brotliDecompressSync, gzip: gunzipSync, zstd: zstdDecompressSync } as const;
const CODINGS = Object.keys(DECODE) as (keyof typeof DECODE)[];

let app: NestFastifyApplication;
let url: string;
beforeAll(async () => {
  ({ app, url } = await startApp());
});
afterAll(() => app.close());

/** An answer as it is on the wire. */
async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const [response] = (await once(request(url + path, { method, headers }).end(), 'response')) as [IncomingMessage];
  return response;
}
const encodingOf = ({ headers }: IncomingMessage) => headers['content-encoding'];

describe.each(CODINGS)('%s', (coding) => {
  it('makes a list smaller, and restores it when decoded', async () => {
    const response = await get('/rows', { 'accept-encoding': coding });
    const body = await buffer(response);
    expect(response.headers).toMatchObject({
      'content-encoding': coding,
      'content-length': String(body.length),
      'content-type': 'application/json; charset=utf-8',
      vary: 'Accept-Encoding',
    });
    expect(body.length).toBeLessThan(JSON.stringify(ROWS).length / 4);
    expect(JSON.parse(DECODE[coding](body).toString())).toEqual(ROWS);
  });

  it('also applies to HEAD', async () => {
    const [head, whole] = [
      await get('/rows', { 'accept-encoding': coding }, 'HEAD'),
      await get('/rows', { 'accept-encoding': coding }),
    ];
    const length = (await buffer(whole)).length;
    expect((await buffer(head)).length).toBe(0);
    expect(head.headers).toMatchObject({ 'content-encoding': coding, 'content-length': String(length) });
  });

  it('applies to a stream', async () => {
    gate.opened = Promise.resolve();
    const response = await get('/lines', { 'accept-encoding': coding });
    expect(response.headers).toMatchObject({ 'content-encoding': coding, vary: 'Accept-Encoding' });
    expect(response.headers).not.toHaveProperty('content-length');
    const lines = DECODE[coding](await buffer(response))
      .toString()
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(ROWS);
  });

  it('holds nothing of a stream back', async () => {
    let open = () => {};
    gate.opened = new Promise((resolve) => (open = resolve));
    const response = await get('/lines', { 'accept-encoding': coding });
    // The rest of the stream waits, so the first line is what arrives.
    await once(response, 'readable');
    open();
    await buffer(response);
  });

  it('ends abnormally with its stream', async () => {
    let open = () => {};
    gate.opened = new Promise((resolve) => (open = resolve));
    const response = await get('/broken', { 'accept-encoding': coding });
    await once(response, 'readable');
    open();
    await expect(buffer(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

it('sends the first line of a compressed stream so that it can be read', async () => {
  let open = () => {};
  gate.opened = new Promise((resolve) => (open = resolve));
  const response = await get('/lines', { 'accept-encoding': 'gzip' });
  const plain = response.pipe(createGunzip());
  const [first] = (await once(plain, 'data')) as [Buffer];
  expect(JSON.parse(first.toString())).toEqual(ROWS[0]);
  open();
  await buffer(plain);
});

it.each([
  ['a client that does not ask for it', '/rows', {}],
  ['a client that refuses it', '/rows', { 'accept-encoding': 'br;q=0, gzip;q=0' }],
  ['a tiny answer', '/health', { 'accept-encoding': 'gzip' }],
  ['a picture', '/bytes?type=image/png', { 'accept-encoding': 'gzip' }],
  ['a video', '/bytes?type=video/mp4', { 'accept-encoding': 'gzip' }],
  ['an archive', '/bytes?type=application/zip', { 'accept-encoding': 'gzip' }],
  ['bytes of no known type', '/bytes?type=application/octet-stream', { 'accept-encoding': 'gzip' }],
])('leaves %s uncompressed', async (_name, path, headers) => {
  const response = await get(path, headers as Record<string, string>);
  expect(encodingOf(response)).toBeUndefined();
  const body = await buffer(response);
  expect(response.headers['content-length']).toBe(String(body.length));
});

it('sends Vary: Accept-Encoding with an uncompressed answer, too', async () => {
  const response = await get('/rows');
  expect(response.headers.vary).toBe('Accept-Encoding');
  await buffer(response);
});

it('does not compress compressed content again', async () => {
  const response = await get('/bytes?type=application/json&coding=br', { 'accept-encoding': 'gzip' });
  expect(encodingOf(response)).toBe('br');
  expect((await buffer(response)).length).toBe(20_000);
});

it('leaves an event stream alone', async () => {
  gate.opened = Promise.resolve();
  const response = await get('/events', { 'accept-encoding': 'gzip, br, zstd' });
  expect(encodingOf(response)).toBeUndefined();
  expect((await buffer(response)).toString()).toContain('row_199');
});

it('compresses an SVG picture or a CSV file', async () => {
  for (const type of ['image/svg%2Bxml', 'text/csv', 'application/ld%2Bjson', 'application/x-ndjson']) {
    const response = await get(`/bytes?type=${type}`, { 'accept-encoding': 'br' });
    expect([type, encodingOf(response)]).toEqual([type, 'br']);
    await buffer(response);
  }
});

it('leaves the answers of plugins’ writes alone', async () => {
  const response = await fetch(`${url}/write`, {
    method: 'POST',
    headers: { ...bearer(INGEST_KEY), 'content-type': 'application/json', 'accept-encoding': 'gzip' },
    body: JSON.stringify('x'.repeat(3_000)),
  });
  expect(response.headers.get('content-encoding')).toBeNull();
  expect(response.headers.get('vary')).toBeNull();
});

it('names both headers that an answer to listed origins depends on', async () => {
  const listed = await startApp({ settings: { OPENSYNC_CORS_ORIGINS: 'https://a.example' } });
  const response = await fetch(`${listed.url}/rows`, {
    headers: { origin: 'https://a.example', 'accept-encoding': 'gzip' },
  });
  expect(response.headers.get('vary')).toBe('Origin, Accept-Encoding');
  expect(await response.json()).toEqual(ROWS);
  await listed.app.close();
});
