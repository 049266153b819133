import { HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { OverloadError } from './admit-writes.ts';
import { asAppError, errorAnswer } from './error-answer.ts';
import type { RouteTable } from './route-table.ts';

/** Headers of an answer that could not be sent after all. */
const OF_THE_ANSWER = ['content-length', 'content-encoding', 'content-disposition', 'content-range', 'etag'] as const;

/**
 * Answers all errors thrown while a request is handled: by handlers, by hooks and parsers, by Fastify and by Nest,
 * which passes all of them to the global filter. Server errors are logged with the request id and only the method and
 * route of the request, as paths, queries, headers and bodies may hold secrets.
 */
export class ErrorFilter implements ExceptionFilter {
  readonly #logger: Logger;
  readonly #routes: RouteTable;

  constructor(logger: Logger, routes: RouteTable) {
    this.#logger = logger;
    this.#routes = routes;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    // Nest's own 404 quotes the URL with its query; services throw AppErrors.
    const isUnrouted = thrown instanceof HttpException && thrown.getStatus() === 404;
    const error = isUnrouted ? this.#routes.noRoute(request.method, request.url) : asAppError(thrown);
    this.#log(error, request);
    if (reply.sent || reply.raw.headersSent) {
      // Half of the answer is sent: only closing the connection tells the client that the rest is missing.
      reply.raw.destroy();
      return;
    }
    const { status, headers, body } = errorAnswer(error, request.id);
    // Fastify closes the connection after an unread body. A client that is still sending would be reset before it has
    // read this answer; if the connection stays open, Node reads and discards the rest, up to the request timeout.
    reply.removeHeader('connection');
    for (const name of OF_THE_ANSWER) reply.removeHeader(name);
    reply.header('cache-control', 'no-store');
    void reply.code(status).headers(headers).type('application/json; charset=utf-8').send(body);
  }

  #log(error: AppError, request: FastifyRequest): void {
    if ((error.code !== 'INTERNAL' && error.code !== 'UNAVAILABLE') || error instanceof OverloadError) return;
    const fields = {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions?.url,
      code: error.code,
    };
    if (error.code === 'INTERNAL') this.#logger.error({ ...fields, err: error.cause ?? error }, 'request failed');
    else this.#logger.warn({ ...fields, err: error }, 'request rejected; the client can retry');
  }
}
