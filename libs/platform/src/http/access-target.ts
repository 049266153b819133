import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { AccessTarget } from '@opensync/contracts';
import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request asks for of somebody else's data, for the API access log. */
    target: AccessTarget | null;
  }
}

/** Names what a request asks for, in its entry of the API access log. A later call replaces an earlier one. */
export type NameTarget = (target: AccessTarget) => void;

/**
 * A {@link NameTarget}, as a handler's parameter. For routes that read the data of others. Call it before the read, so that a read
 * that fails leaves a trace, too.
 */
export const TargetName = createParamDecorator((_data: undefined, context: ExecutionContext): NameTarget => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return (target) => {
    request.target = target;
  };
});
