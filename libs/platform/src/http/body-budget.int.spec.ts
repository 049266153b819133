import { once } from 'node:events';
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { INGEST_KEY, READ_KEY, bearer, errorOf, startApp } from './testing/test-app.ts';

const BODY_LIMIT = 256 * 1024;
/** One of the largest bodies is a key's only one beyond its share. */
const BODIES_LIMIT = 2 * BODY_LIMIT;
const JSON_FROM_INGEST = { ...bearer(INGEST_KEY), 'content-type': 'application/json' };
const large = JSON.stringify('x'.repeat(BODY_LIMIT - 2));

let app: NestFastifyApplication;
let port: number;
let url: string;
const open: ClientRequest[] = [];
beforeEach(async () => {
  ({ app, port, url } = await startApp({ bodiesLimit: BODIES_LIMIT, settings: { OPENSYNC_BODY_LIMIT: BODY_LIMIT } }));
});
afterEach(async () => {
  for (const request of open.splice(0)) request.destroy();
  await app.close();
});

/** A request whose body has not come whole: all but the last byte, unless it says otherwise. */
function begin(
  length?: number,
  { agent, sent = BODY_LIMIT - 1 }: { agent?: Agent; sent?: number } = {},
): ClientRequest {
  const headers = { ...JSON_FROM_INGEST, ...(length !== undefined && { 'content-length': length }) };
  const request = httpRequest({ port, path: '/write', method: 'POST', headers, ...(agent && { agent }) });
  request.on('error', () => undefined);
  request.write(large.slice(0, sent));
  open.push(request);
  return request;
}

const write = (body: string | Buffer, headers: Record<string, string> = {}) =>
  fetch(`${url}/write`, { method: 'POST', headers: { ...JSON_FROM_INGEST, ...headers }, body });

/**
 * The answer to a write once it has that status, after earlier requests have arrived or are gone. The test's own
 * timeout bounds it.
 */
async function untilStatus(status: number): Promise<Response> {
  for (;;) {
    const response = await write(large);
    if (response.status === status) return response;
    await response.arrayBuffer();
  }
}

/** An unfinished body that leaves no room for others of its key, and the refusal of a write beside it. */
async function occupy(length?: number, body: string | Buffer = large, headers = {}) {
  for (;;) {
    const unfinished = begin(length);
    // A write that arrived before it had the room, and it was refused itself.
    let isRefused = false;
    unfinished.once('response', (response) => {
      response.resume();
      isRefused = true;
    });
    while (!isRefused) {
      const response = await write(body, headers);
      if (response.status === 503) return { unfinished, refused: response };
      await response.arrayBuffer();
    }
  }
}

describe('the bodies of all requests together', () => {
  it.each([
    ['that say their length', BODY_LIMIT],
    ['that do not', undefined],
  ])('are bounded: unfinished ones %s leave no room, and give it back when they break off', async (_name, length) => {
    const { unfinished, refused } = await occupy(length);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await errorOf(refused)).toMatchObject({ code: 'UNAVAILABLE' });
    // No body, no bytes.
    expect((await fetch(`${url}/both`, { headers: bearer(INGEST_KEY) })).status).toBe(200);
    unfinished.destroy();
    await untilStatus(201);
  });

  it('are counted by what has arrived: 25 that announce the most and send a byte keep nobody out', async () => {
    const announced = Array.from({ length: 25 }, () => begin(BODY_LIMIT, { sent: 1 }));
    await Promise.all(announced.map((request) => once(request, 'socket')));
    for (let n = 0; n < 5; n++) expect((await write(large)).status).toBe(201);
  });

  it('give their room back when they are answered, well or not', async () => {
    for (let round = 0; round < 5; round++) {
      expect((await write(large)).status).toBe(201);
      expect((await write(`${large}x`)).status).toBe(413);
      expect((await write(large.slice(1))).status).toBe(400);
      expect((await write(gzipSync(large), { 'content-encoding': 'gzip' })).status).toBe(201);
    }
    const finished = begin(BODY_LIMIT);
    finished.end(large.slice(BODY_LIMIT - 1));
    const [response] = (await once(finished, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(201);
  });

  it('count with their decompressed size', async () => {
    await occupy(BODY_LIMIT, gzipSync(large), { 'content-encoding': 'gzip' });
  });

  it('count the values that they hold', async () => {
    // 32 KB of text, 1 MB of objects.
    await occupy(BODY_LIMIT, JSON.stringify(Array.from({ length: 11_000 }, () => ({}))));
  });

  it('are rejected on arrival if one without a length exceeds the limit, and its connection serves the next request', async () => {
    await occupy(BODY_LIMIT);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const streamed = begin(undefined, { agent });
    streamed.end(large.slice(BODY_LIMIT - 1));
    const [response] = (await once(streamed, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(503);
    expect(await json(response)).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    const next = httpRequest({ port, path: '/both', headers: bearer(INGEST_KEY), agent }).end();
    const [answer] = (await once(next, 'response')) as [IncomingMessage];
    expect([answer.statusCode, next.reusedSocket]).toEqual([200, true]);
    agent.destroy();
  });
});

describe('a large body that nobody reads', () => {
  it.each([
    ['of another content type', { 'content-type': 'text/plain' }, 415],
    ['with a content type that is none', { 'content-type': ';;;' }, 415],
  ])('%s is answered, and its connection serves the next request', async (_name, headers, status) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const refused = httpRequest({
      port,
      path: '/write',
      method: 'POST',
      agent,
      headers: { ...bearer(INGEST_KEY), ...headers },
    });
    refused.end(large);
    const [response] = (await once(refused, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(status);
    response.resume();
    await once(response, 'end');
    const next = httpRequest({ port, path: '/both', headers: bearer(INGEST_KEY), agent }).end();
    const [answer] = (await once(next, 'response')) as [IncomingMessage];
    expect([answer.statusCode, next.reusedSocket]).toEqual([200, true]);
    agent.destroy();
  });
});

describe('a body that asks for something', () => {
  const ask = (bytes: number) =>
    fetch(`${url}/ask`, {
      method: 'POST',
      headers: { ...bearer(READ_KEY), 'content-type': 'application/json' },
      body: JSON.stringify('x'.repeat(bytes - 2)),
    });

  it('may have 64 KiB', async () => {
    expect((await ask(64 * 1024)).status).toBe(201);
    expect(await errorOf(await ask(64 * 1024 + 1))).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  });

  it('may not unfold to more', async () => {
    const body = gzipSync(JSON.stringify('x'.repeat(64 * 1024)));
    const headers = { ...bearer(READ_KEY), 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const refused = await fetch(`${url}/ask`, { method: 'POST', headers, body });
    expect(await errorOf(refused)).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  });
});
