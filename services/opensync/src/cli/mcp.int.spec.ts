import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { Client } from '@modelcontextprotocol/client';
import { createMcpHandler, McpServer, type JSONRPCMessage } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { mcp } from './mcp.ts';

const KEY = 'osk_spec';

/** A server with one tool that says which key it was called with. */
async function startServer() {
  const handler = createMcpHandler(({ requestInfo }) => {
    const server = new McpServer({ name: 'spec', version: '1.0.0' });
    server.registerTool('who', { description: 'Who calls' }, async () => ({
      content: [{ type: 'text', text: requestInfo?.headers.get('authorization') ?? 'nobody' }],
    }));
    return server;
  });
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const init = { method: request.method ?? 'GET', headers, ...(body !== '' && { body }) };
    const answer = await handler.fetch(new Request(new URL(request.url!, 'http://localhost'), init));
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await handler.close();
    },
  };
}

/** An agent that runs the command, as pipes instead of a process. */
function agent(url: string) {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const exit = mcp({ url, key: KEY }, { stdin, stdout });
  // The same framing, seen from the other end.
  const transport = new StdioServerTransport(stdout, stdin);
  return { transport, end: () => (stdin.end(), exit) };
}

describe('opensync mcp', () => {
  it.each([
    ['2025-11-25', 'legacy' as const],
    ['2026-07-28', { pin: '2026-07-28' }],
  ])('lets an agent of the revision %s use a server', async (version, mode) => {
    await using server = await startServer();
    const { transport, end } = agent(server.url);
    const client = new Client({ name: 'agent', version: '1.0.0' }, { versionNegotiation: { mode } });
    await client.connect(transport);
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['who']);
    const { content } = await client.callTool({ name: 'who', arguments: {} });
    expect(content).toEqual([{ type: 'text', text: `Bearer ${KEY}` }]);
    await client.close();
    expect(await end()).toBe(0);
  });

  it('answers with an error while no server listens', async () => {
    const { transport, end } = agent('http://127.0.0.1:9');
    const answered = Promise.withResolvers<JSONRPCMessage>();
    transport.onmessage = answered.resolve;
    await transport.start();
    await transport.send({ jsonrpc: '2.0', id: 5, method: 'tools/list' });
    expect(await answered.promise).toMatchObject({
      id: 5,
      error: { code: -32_603, message: expect.stringContaining('http://127.0.0.1:9 did not answer') },
    });
    expect(await end()).toBe(0);
  });

  it.each([
    [{ url: 'http://localhost:3211', key: undefined }, /^OPENSYNC_API_KEY: /],
    [{ url: 'localhost:3211', key: KEY }, /^OPENSYNC_URL: localhost:3211 is not the URL/],
  ])('does not start with %j', async (options, message) => {
    await expect(mcp(options)).rejects.toThrow(message);
  });
});
