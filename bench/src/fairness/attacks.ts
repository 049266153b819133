import { randomBytes } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { aBatch, aToolResult, someText } from '../load.ts';
import { drip, keepOpen, repeat, requestOf } from './connections.ts';

export interface Attack {
  readonly name: string;
  /** Begins to misbehave, and goes on until the process ends. @param key of the attacker, who has a valid one */
  readonly begin: (url: string, key: string) => Promise<void> | void;
}

const BODY = 10 * 1024 * 1024;
const SLOW_SESSION = 'bench-slow-reader';

const wrongKey = () => `osk_${randomBytes(32).toString('base64url')}`;

/** Each a way in which one key, or one address, takes more than its share. The number is that of its connections. */
export const ATTACKS: readonly Attack[] = [
  {
    name: '2,000 idle sockets',
    begin: (url) => keepOpen(url, 2_000, () => undefined),
  },
  {
    name: '1,000 slow headers',
    begin: (url) =>
      keepOpen(url, 1_000, (socket) => {
        socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n');
        drip(socket, 'X-Slow: 1\r\n', 1_000);
      }),
  },
  {
    name: '64 slow bodies of 10 MB',
    begin: (url, key) =>
      keepOpen(url, 64, (socket) => {
        socket.write(requestOf('POST /sync/batch', { key, headers: { 'content-length': String(BODY - 1) } }));
        drip(socket, ' ', 500);
      }),
  },
  { name: '64 readers who do not read', begin: beginSlowReaders },
  {
    name: '64 × wrong keys',
    begin: (url) =>
      keepOpen(url, 64, (socket) => repeat(socket, () => requestOf('GET /api/stats', { key: wrongKey() }))),
  },
  {
    name: '32 × queries of 4 KB',
    begin: (url, key) =>
      keepOpen(url, 32, (socket) =>
        repeat(socket, () => {
          const body = JSON.stringify({ query: someText(4_000), type: 'fulltext' });
          return requestOf('POST /search', { key, body });
        }),
      ),
  },
  {
    name: '256 waits for a write that does not exist',
    begin: (url, key) =>
      keepOpen(url, 256, (socket) =>
        repeat(socket, () =>
          requestOf('GET /api/stats', { key, headers: { 'osk-wait-sequence': String(Number.MAX_SAFE_INTEGER) } }),
        ),
      ),
  },
  {
    name: '16 × bodies of many values or levels',
    begin: (url, key) => {
      const filled = (unit: string) => unit.repeat(Math.floor((BODY - 100) / unit.length));
      const bombs = [`{"sessions":[${filled('{},')}{}]}`, filled('[')].map((text) => zstdCompressSync(text));
      keepOpen(url, 16, (socket, at) => {
        const headers = { 'content-encoding': 'zstd' };
        repeat(socket, () => requestOf('POST /sync/batch', { key, headers, body: bombs[at % bombs.length]! }));
      });
    },
  },
  {
    name: '25 × batches of 8 MB',
    begin: (url, key) =>
      keepOpen(url, 25, (socket) => {
        // Larger messages than usual, so that 8 MB are not 8,000 events.
        const messages = Array.from({ length: 512 }, () => aToolResult(16 * 1024));
        repeat(socket, () => requestOf('POST /sync/batch', { key, body: JSON.stringify({ messages }) }));
      }),
  },
];

/** A session of two megabytes, asked for again and again by clients that leave the answers in their sockets. */
async function beginSlowReaders(url: string, key: string): Promise<void> {
  const messages = Array.from({ length: 100 }, () => ({ ...aToolResult(20_000), sessionExternalId: SLOW_SESSION }));
  const body = JSON.stringify({ messages });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const stored = await fetch(`${url}/sync/batch`, { method: 'POST', headers, body });
  if (!stored.ok) throw new Error(`the attacker's session was answered with ${stored.status}`);
  keepOpen(url, 64, (socket) => {
    socket.pause();
    socket.write(Buffer.concat(Array(8).fill(requestOf(`GET /api/sessions/${SLOW_SESSION}`, { key })) as Buffer[]));
  });
}

/** What an owner has before the attack: words to search in. */
export async function fill(url: string, key: string, messages: number): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  for (let sent = 0; sent < messages; sent += 500) {
    const answer = await fetch(`${url}/sync/batch`, { method: 'POST', headers, body: aBatch(500, key.slice(-6)) });
    if (answer.status !== 200) throw new Error(`a batch was answered with ${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
  }
}
