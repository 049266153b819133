import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** The value of an `Idempotency-Key`. @throws AppError INVALID_REQUEST if it cannot be one */
export function idempotencyKeyOf(value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined || (typeof value === 'string' && IDEMPOTENCY_KEY.test(value))) return value;
  const message = 'must be 1 to 255 visible ASCII characters';
  throw new AppError('INVALID_REQUEST', `Idempotency-Key ${message}`, {
    details: [{ path: 'Idempotency-Key', message }],
  });
}

/**
 * For commands that change nothing when they are repeated, and so need no key: one that cannot be used is still an
 * error of the client, which counts on it.
 */
@Injectable()
export class CheckIdempotencyKey implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const { method, headers } = context.switchToHttp().getRequest<FastifyRequest>();
    if (method !== 'GET') idempotencyKeyOf(headers['idempotency-key']);
    return next.handle();
  }
}
