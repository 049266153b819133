import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { AppError } from '../errors.ts';
import { errorAnswer } from './error-answer.ts';

/** The answer after which a connection ends, for input that never becomes a request. */
export interface LastAnswer {
  readonly requestId: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** @param standing the headers of every answer */
export function lastAnswer(error: AppError, requestId: string, standing: Readonly<Record<string, string>>): LastAnswer {
  const { status, headers, body } = errorAnswer(error, requestId);
  const text = JSON.stringify(body);
  return {
    requestId,
    status,
    text,
    headers: {
      ...standing,
      ...headers,
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
      date: new Date().toUTCString(),
      connection: 'close',
    },
  };
}

/** Writes it to a connection without an answer in progress, and closes the connection. */
export function writeAnswer(socket: Socket, { status, headers, text }: LastAnswer): void {
  if (!socket.writable) return void socket.destroy();
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`, () => socket.destroy());
}
