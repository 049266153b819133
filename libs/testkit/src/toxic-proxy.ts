import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request as it came. */
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

/** The outcome of a request: an answer, a closed connection, or the server's answer. */
export type Toxic = (request: Exchange, forward: (body?: string) => Promise<Reply>) => Promise<Reply | 'reset'>;

export interface ToxicProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** An HTTP server that stands between a client and `upstream`, or (without one) answers alone. */
export async function toxicProxy(upstream: string | undefined, toxic: Toxic): Promise<ToxicProxy> {
  const server = createServer((request, response) => {
    const exchange = async () => {
      const { method = 'GET', url: path = '/', headers } = request;
      const asked = { method, path, headers, body: (await buffer(request)).toString() };
      const forward = async (body = asked.body): Promise<Reply> => {
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
      const reply = await toxic(asked, forward);
      if (reply === 'reset') {
        request.socket.resetAndDestroy();
        return;
      }
      // The Elasticsearch client accepts no answer without its header.
      const product = { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' };
      response.writeHead(reply.status, { ...product, ...reply.headers }).end(reply.body);
    };
    // The client was killed, or the server is unavailable.
    exchange().catch(() => request.socket.destroy());
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
