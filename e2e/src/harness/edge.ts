import { once } from 'node:events';
import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Edge {
  readonly url: string;
  close(): Promise<void>;
}

/** One address for both services that answer HTTP, as deploy/edge gives it in containers: `/sync/*` is ingest's, the rest query's. */
export async function startEdge(upstreams: () => { readonly ingest: string; readonly query: string }): Promise<Edge> {
  const agent = new Agent({ keepAlive: true });

  const forward = (request: IncomingMessage, response: ServerResponse, to: string) => {
    const { method, url: path, rawHeaders: headers } = request;
    const { hostname, port } = new URL(to);
    const forwarded = send({ agent, hostname, port, method, path, headers, setDefaultHeaders: false }, (answer) => {
      response.writeHead(answer.statusCode!, answer.rawHeaders);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    forwarded.on('error', () => {
      // An answer can come before the whole request was read.
      if (!response.headersSent) unavailable(response);
    });
    request.pipe(forwarded);
    request.on('error', () => forwarded.destroy());
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { ingest, query } = upstreams();
    if (request.url === '/readyz') {
      // Both, because a client needs both.
      const ready = await fetch(`${ingest}/readyz`);
      if (!ready.ok) return unavailable(response);
    }
    forward(request, response, request.url?.startsWith('/sync/') ? ingest : query);
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    answer(request, response).catch(() => unavailable(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function unavailable(response: ServerResponse): void {
  const error = { code: 'UNAVAILABLE', message: 'The service is starting or away; try again', requestId: 'edge' };
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' });
  response.end(JSON.stringify({ error }));
}
