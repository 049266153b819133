import { readFileSync } from 'node:fs';
import { addVary } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { prefersJson } from './accept.ts';
import { CONTENT_SECURITY_POLICY, renderHome, type HomeFacts } from './page.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** A name or an address, and a port. Any other Host header is not repeated. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;
const USUAL_HOST = 'localhost:3211';

/** Whether the server is healthy, and how to connect an agent: as a page, or as JSON for programs. */
export async function sendHome(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const answer = await request.server.inject('/readyz');
  const { status = 'down', parts = {} } = answer.json<Partial<Pick<HomeFacts, 'status' | 'parts'>>>();
  const facts = { url: urlOf(request), version, status, parts };
  addVary(reply, 'Accept');
  if (prefersJson(request.headers.accept)) {
    void reply.send({ name: 'OpenSync', ...facts });
    return;
  }
  void reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', CONTENT_SECURITY_POLICY)
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-opener-policy', 'same-origin')
    .send(renderHome(facts));
}

/** The address of this server as its caller reaches it, also behind a proxy. */
function urlOf({ headers }: FastifyRequest): string {
  const scheme = headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  const host = headers.host !== undefined && HOST.test(headers.host) ? headers.host : USUAL_HOST;
  return `${scheme}://${host}`;
}
