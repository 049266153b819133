import type { Readable, Writable } from 'node:stream';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { ConfigError, rootReasonOf } from '@opensync/platform';

export interface McpOptions {
  readonly url: string;
  readonly key: string | undefined;
}

export interface McpStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
}

/** JSON-RPC's code for errors of the server itself. */
const INTERNAL_ERROR = -32_603;

/**
 * Passes messages between an agent on stdio and a server's `/mcp`, until the agent closes its end. Requests that the server does
 * not answer get an error, so that no agent waits for them.
 * @throws ConfigError if the address or the key cannot be used
 */
export async function mcp({ url, key }: McpOptions, { stdin, stdout }: McpStreams = process): Promise<number> {
  if (!key?.startsWith('osk_')) {
    throw new ConfigError(
      'OPENSYNC_API_KEY: set it to an API key with the scope read; to create one: opensync keys create',
    );
  }
  if (!/^https?:/.test(url) || !URL.canParse(url)) {
    throw new ConfigError(`OPENSYNC_URL: ${url} is not the URL of a server, such as http://localhost:3211`);
  }
  const agent = new StdioServerTransport(stdin, stdout);
  const server = new StreamableHTTPClientTransport(new URL('/mcp', url), {
    requestInit: { headers: { authorization: `Bearer ${key}` } },
  });
  const ended = Promise.withResolvers<void>();
  const open = new Set<Promise<void>>();
  agent.onclose = () => ended.resolve();
  agent.onmessage = (message) => {
    const sent = server.send(message).catch((error: unknown) => refuse(agent, message, url, error));
    open.add(sent);
    void sent.finally(() => open.delete(sent));
  };
  server.onmessage = (message) => {
    // Later requests of an earlier revision must name the one that was agreed on.
    const version = agreedVersion(message);
    if (version !== undefined) server.setProtocolVersion(version);
    void agent.send(message);
  };
  await server.start();
  await agent.start();
  await ended.promise;
  await Promise.allSettled(open);
  await server.close();
  return 0;
}

function agreedVersion(message: JSONRPCMessage): string | undefined {
  const { protocolVersion } = ('result' in message ? message.result : {}) as { readonly protocolVersion?: unknown };
  return typeof protocolVersion === 'string' ? protocolVersion : undefined;
}

async function refuse(
  agent: StdioServerTransport,
  message: JSONRPCMessage,
  url: string,
  error: unknown,
): Promise<void> {
  if (!('id' in message) || !('method' in message)) return;
  const problem = `OpenSync at ${url} did not answer: ${rootReasonOf(error)}`;
  await agent.send({ jsonrpc: '2.0', id: message.id, error: { code: INTERNAL_ERROR, message: problem } });
}
