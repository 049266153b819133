import { HttpException } from '@nestjs/common';
import { AppError, ERRORS, type ErrorCode, type ErrorDetail } from '../errors.ts';
import { LONGEST_PATH_PARAMETER } from './route-table.ts';

/** The one shape of every error answer. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly details?: readonly ErrorDetail[];
    readonly requestId: string;
  };
}

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
}

/**
 * A request can be wrong in ten thousand places, and its paths come from the client: what an answer repeats is
 * bounded.
 */
const MOST_DETAILS = 20;
const PATH_CHARACTERS = 200;
const MESSAGE_CHARACTERS = 500;

/** The answer to a request that failed with `error`. */
export function errorAnswer(error: AppError, requestId: string): ErrorAnswer {
  const { code, details = [], retryAfter } = error;
  const message = shortened(error.message, 2 * MESSAGE_CHARACTERS) + moreThan(details);
  const shown = details.slice(0, MOST_DETAILS).map((detail) => ({
    path: shortened(detail.path, PATH_CHARACTERS),
    message: shortened(detail.message, MESSAGE_CHARACTERS),
  }));
  return {
    status: ERRORS[code].status,
    headers: {
      ...error.headers,
      'x-request-id': requestId,
      ...(retryAfter !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
      ...(code === 'UNAUTHORIZED' && { 'www-authenticate': 'Bearer' }),
    },
    body: { error: { code, message, ...(shown.length > 0 && { details: shown }), requestId } },
  };
}

function moreThan({ length }: readonly ErrorDetail[]): string {
  return length > MOST_DETAILS ? ` (the first ${MOST_DETAILS} of ${length} problems)` : '';
}

/** Never ends in the middle of a surrogate pair. */
function shortened(text: string, characters: number): string {
  return text.length <= characters
    ? text
    : `${text
        .slice(0, characters - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`;
}

/** Fastify's errors, reworded for the sender. */
const FASTIFY_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['PAYLOAD_TOO_LARGE', 'The body is too large; send less per request'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['UNSUPPORTED_MEDIA_TYPE', 'Send JSON, with `Content-Type: application/json`'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['INVALID_REQUEST', 'The body is not as long as its Content-Length says'],
  FST_ERR_BAD_URL: ['INVALID_REQUEST', 'The path is not a valid URL'],
  FST_ERR_MAX_PARAM_LENGTH: [
    'INVALID_REQUEST',
    `A part of the path is longer than ${LONGEST_PATH_PARAMETER} characters`,
  ],
};

const CODES_BY_STATUS: ReadonlyMap<number, ErrorCode> = new Map(
  (Object.keys(ERRORS) as ErrorCode[]).map((code) => [ERRORS[code].status, code]),
);

/**
 * Any thrown value as an entry of the error registry. Other client errors of the frameworks keep their message; any
 * other error is INTERNAL, and its message stays in the log.
 */
export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  // Nest wraps what Fastify throws.
  const thrown = error instanceof HttpException && error.cause instanceof Error ? error.cause : error;
  const known = FASTIFY_ERRORS[(thrown as { code?: string } | null | undefined)?.code ?? ''];
  if (known) return new AppError(...known, { cause: error });
  const status = statusOf(error);
  if (error instanceof Error && status !== undefined && status >= 400 && status < 500) {
    return new AppError(CODES_BY_STATUS.get(status) ?? 'INVALID_REQUEST', error.message, { cause: error });
  }
  return new AppError('INTERNAL', 'An internal error occurred; the server log has the details under this request id', {
    cause: error,
  });
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}
