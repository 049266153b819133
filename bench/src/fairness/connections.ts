import { connect, type Socket } from 'node:net';

/** Pause before a connection that was closed or refused is opened again, in milliseconds. */
const AGAIN_MS = 20;

/**
 * Keeps so many connections open and does the same on each. One that ends is opened again at once: an attacker ignores
 * `Retry-After`.
 */
export function keepOpen(url: string, count: number, use: (socket: Socket, at: number) => void): void {
  const { hostname, port } = new URL(url);
  const open = (at: number) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.once('connect', () => use(socket, at));
    socket.once('close', () => setTimeout(open, AGAIN_MS, at));
  };
  for (let at = 0; at < count; at++) setTimeout(open, (at * 1_000) / count, at);
}

/** Sends a request as soon as the one before is answered. */
export function repeat(socket: Socket, request: () => string | Buffer): void {
  socket.on('data', () => socket.write(request()));
  socket.write(request());
}

/** Sends a piece every `ms` milliseconds. */
export function drip(socket: Socket, piece: string, ms: number): void {
  const timer = setInterval(() => socket.writable && socket.write(piece), ms);
  socket.once('close', () => clearInterval(timer));
}

/** A request of HTTP/1.1 with a body, if there is one. */
export function requestOf(
  line: string,
  { key, headers = {}, body = '' }: { key?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Buffer {
  const all = {
    host: 'localhost',
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
    ...(body.length > 0 && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${lines.join('')}\r\n`), Buffer.from(body)]);
}
