import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { uuidv7 } from '../uuidv7.ts';
import { AppError, type ErrorCode } from '../errors.ts';
import type { Surplus } from './connections.ts';
import { lastAnswer, writeAnswer } from './last-answer.ts';
import { requestIdOf } from './request-id.ts';
import type { StandingHeaders } from './standing-headers.ts';

/** Replaces answers that Node's server would give itself: an empty 417, or closing the connection. */
export function addServerEvents(server: Server, headersFor: StandingHeaders): void {
  // Rejected like every other request, with an id and a log line.
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    const error = new AppError('METHOD_NOT_ALLOWED', 'CONNECT is not supported', { headers: { allow: '' } });
    writeAnswer(socket, lastAnswer(error, requestIdOf(request), headersFor(request.headers.origin)));
  });
}

const SURPLUS: Readonly<Record<Surplus, readonly [ErrorCode, string]>> = {
  total: ['UNAVAILABLE', 'Too many connections are open (OPENSYNC_MAX_CONNECTIONS); try again'],
  address: [
    'RATE_LIMITED',
    'Too many connections from this address have a request in progress (OPENSYNC_ADDRESS_CONNECTIONS)',
  ],
};

/** The answer to a surplus connection. */
export function refuseConnection(socket: Socket, surplus: Surplus, headersFor: StandingHeaders): void {
  const error = new AppError(...SURPLUS[surplus]);
  writeAnswer(socket, lastAnswer(error, uuidv7(), headersFor(undefined)));
}
