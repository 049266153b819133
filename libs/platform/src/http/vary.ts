import type { FastifyReply } from 'fastify';

/** Says that the answer depends on this header of the request, beside those that were named before. */
export function addVary(reply: FastifyReply, name: string): void {
  const vary = reply.getHeader('vary');
  reply.header('vary', vary === undefined ? name : `${String(vary)}, ${name}`);
}
