import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { elasticsearchClient } from './elasticsearch.ts';
import type { SearchDocument } from './port.ts';

/** Removes all generations of a test's own index. */
export async function removeIndexes(url: string, name: string): Promise<void> {
  const client = elasticsearchClient({ url });
  const indexes = Object.keys(await client.indices.get({ index: `${name}-*` }));
  if (indexes.length > 0) await client.indices.delete({ index: indexes });
  await client.close();
}

export interface Exchange {
  readonly method: string;
  /** With the query string. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What becomes of a request: an answer, a connection that is torn, or what the server says. */
export type Toxic = (request: Exchange, forward: (body?: string) => Promise<Reply>) => Promise<Reply | 'reset'>;

/** An HTTP server that stands between a client and `upstream`, or (without one) answers alone. */
export async function toxicProxy(upstream: string | undefined, toxic: Toxic) {
  const server = createServer((request, response) => {
    void (async () => {
      const { method = 'GET', url: path = '/', headers } = request;
      const exchange = { method, path, headers, body: (await buffer(request)).toString() };
      const forward = async (body = exchange.body): Promise<Reply> => {
        const answer = await fetch(`${upstream}${path}`, {
          method,
          headers: Object.fromEntries(
            ['accept', 'content-type'].flatMap((name) => (headers[name] ? [[name, String(headers[name])]] : [])),
          ),
          ...(body !== '' && { body }),
        });
        const type = answer.headers.get('content-type') ?? 'application/json';
        return { status: answer.status, body: await answer.text(), headers: { 'content-type': type } };
      };
      const reply = await toxic(exchange, forward);
      if (reply === 'reset') {
        request.socket.resetAndDestroy();
        return;
      }
      const product = { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' };
      response.writeHead(reply.status, { ...product, ...reply.headers }).end(reply.body);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function aRow(id: string, given: Partial<SearchDocument> = {}): SearchDocument {
  return {
    id,
    sessionId: `ses_of_${id}`,
    messageId: id,
    version: 1,
    title: '',
    projectName: '',
    projectPath: '',
    source: 'codex',
    model: '',
    createdAt: 1_000,
    text: 'needle',
    toolText: '',
    ...given,
  };
}
