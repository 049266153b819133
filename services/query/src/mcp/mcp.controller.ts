import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Positions, Principal } from '@opensync/contracts';
import { Access, Caller, CallerPositions } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { QueryResources } from '../resources.ts';
import { assertTrustedHost } from './hosts.ts';
import { mcpServer } from './mcp-server.ts';

const METHOD_NOT_FOUND = -32_601;
/** Headers of the handler that this server sets itself. */
const OWN_HEADERS = new Set(['content-length', 'cache-control', 'connection', 'transfer-encoding']);

/**
 * MCP over Streamable HTTP, for clients of the revision 2026-07-28 and of earlier ones. There is no session: each request
 * carries its key, so any replica can answer it.
 */
@Controller('mcp')
export class McpController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Post()
  @HttpCode(200)
  @Access('read')
  async post(
    @Caller() caller: Principal,
    @CallerPositions() positions: Positions,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { mcpHosts, logger } = this.#resources;
    assertTrustedHost(request.headers, mcpHosts);
    if (isSubscription(body)) {
      // The tools never change, so there is nothing to wait for.
      const error = { code: METHOD_NOT_FOUND, message: 'This server has no subscriptions' };
      return void reply.send({ jsonrpc: '2.0', id: body.id ?? null, error });
    }
    const handler = createMcpHandler(() => mcpServer({ resources: this.#resources, caller, positions }), {
      legacy: 'stateless',
      onerror: (err) => logger.debug({ err }, 'a request of MCP was refused'),
    });
    try {
      const answer = await handler.fetch(asWebRequest(request), { parsedBody: body });
      for (const [name, value] of answer.headers) if (!OWN_HEADERS.has(name)) void reply.header(name, value);
      // Tools have budgets, so that an answer is small enough to be sent at once.
      void reply.status(answer.status).send(Buffer.from(await answer.arrayBuffer()));
    } finally {
      await handler.close();
    }
  }
}

function isSubscription(body: unknown): body is { readonly id?: unknown } {
  return (body as { readonly method?: unknown } | null)?.method === 'subscriptions/listen';
}

function asWebRequest({ headers, url }: FastifyRequest): Request {
  const given = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && name !== 'authorization') given.set(name, String(value));
  }
  // A client that accepts anything, or does not say, accepts what the protocol needs.
  if (/^$|\*\/\*/.test(headers.accept ?? '')) given.set('accept', 'application/json, text/event-stream');
  return new Request(new URL(url, 'http://localhost'), { method: 'POST', headers: given });
}
