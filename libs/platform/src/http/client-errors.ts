import { METHODS, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { uuidv7 } from '../uuidv7.ts';
import { AppError, type ErrorCode } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { FIELD } from '../telemetry/index.ts';
import type { Connections } from './connections.ts';
import { lastAnswer, writeAnswer, type LastAnswer } from './last-answer.ts';
import { requestIdOf } from './request-id.ts';
import type { RouteTable } from './route-table.ts';
import type { StandingHeaders } from './standing-headers.ts';

/** The error of Node's parser. `rawPacket` is the chunk that it failed at. */
export type ClientError = NodeJS.ErrnoException & { readonly rawPacket?: unknown };

interface ClientErrorContext {
  readonly connections: Connections;
  readonly headersFor: StandingHeaders;
  readonly routes: RouteTable;
  readonly logger: Logger;
}

const NOT_VALID = ['INVALID_REQUEST', 'This is not a valid HTTP request'] as const;
const ANOTHER_VERSION = ['INVALID_REQUEST', 'This is not an HTTP/1.1 request'] as const;
const ERRORS_BY_CODE: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'The request line and the headers are too large together'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['PAYLOAD_TOO_LARGE', 'The chunk extensions of the body are too large'],
  HPE_PAUSED_H2_UPGRADE: ANOTHER_VERSION,
  HPE_INVALID_VERSION: ANOTHER_VERSION,
};

const REQUEST_LINE = /^([A-Za-z][A-Za-z-]{0,31}) (\S{1,4096}) HTTP\/1\.[01]\r?\n/;
const ORIGIN = /^origin:[ \t]*(\S{1,512})[ \t]*\r?$/im;
const SCANNED_BYTES = 16 * 1024;

/**
 * Answers input that Node's HTTP parser could not read as a request, and requests that did not arrive in time, in the
 * common error shape.
 */
export function clientErrorHandler(context: ClientErrorContext): (error: ClientError, socket: Socket) => void {
  const answered = new WeakSet<Socket>();
  return (error, socket) => {
    // The parser fails again at each further chunk.
    if (answered.has(socket)) return;
    answered.add(socket);
    const silent = isTimeout(error) && socket.bytesRead === 0;
    if (error.code === 'ECONNRESET' || !socket.writable || silent) {
      socket.destroy();
      return;
    }
    const { response, isLast } = context.connections.underWay(socket);
    if (!response) answerSocket(socket, error, context);
    else if (response.req.complete) {
      // The unreadable input follows a request that is still being answered: that answer is sent first.
      response.once('finish', () => answerSocket(socket, error, context));
    } else if (isLast && !response.headersSent) answerRequest(response, error, context);
    else socket.destroy();
  };
}

/**
 * A request whose body does not arrive, or is malformed: its head is known, so its answer has its id and its origin.
 */
function answerRequest(response: ServerResponse, error: ClientError, { headersFor, logger }: ClientErrorContext): void {
  const { req: request } = response;
  const answer = lastAnswer(errorOf(error), requestIdOf(request), headersFor(request.headers.origin));
  log(logger, answer, error);
  response.writeHead(answer.status, answer.headers);
  response.end(answer.text);
}

function answerSocket(socket: Socket, error: ClientError, { headersFor, routes, logger }: ClientErrorContext): void {
  const packet = Buffer.isBuffer(error.rawPacket) ? error.rawPacket.toString('latin1', 0, SCANNED_BYTES) : '';
  const answer = lastAnswer(
    otherMethod(error, packet, routes) ?? errorOf(error),
    uuidv7(),
    headersFor(ORIGIN.exec(packet)?.[1]),
  );
  log(logger, answer, error);
  writeAnswer(socket, answer);
}

/** A method that Node's parser does not know, in an otherwise valid request. */
function otherMethod({ code }: ClientError, packet: string, routes: RouteTable): AppError | undefined {
  if (code !== 'HPE_INVALID_METHOD') return undefined;
  const [, method, url] = REQUEST_LINE.exec(packet) ?? [];
  // A known method begins an earlier request of the same packet.
  if (method === undefined || url === undefined || METHODS.includes(method)) return undefined;
  return routes.noRoute(method, url);
}

function errorOf(error: ClientError): AppError {
  if (isTimeout(error)) return new AppError('REQUEST_TIMEOUT', 'The request did not arrive in time');
  return new AppError(...(ERRORS_BY_CODE[error.code ?? ''] ?? NOT_VALID));
}

function isTimeout({ code }: ClientError): boolean {
  return code === 'ERR_HTTP_REQUEST_TIMEOUT';
}

function log(logger: Logger, { requestId, status }: LastAnswer, { code }: ClientError): void {
  logger.info({ [FIELD.requestId]: requestId, [FIELD.status]: status, code }, 'malformed HTTP request rejected');
}
