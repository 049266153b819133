import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface BelowPath extends AsyncDisposable {
  /** Where the server is published, without a slash at its end. */
  readonly url: string;
}

/** A reverse proxy that publishes a server under a path, as nginx does: it removes the path and keeps the host name. */
export async function publishBelow(path: string, upstream: string): Promise<BelowPath> {
  const { hostname, port } = new URL(upstream);
  const server = createServer((incoming, outgoing) => {
    const { method, url = '/', headers } = incoming;
    // Nothing else is published: an address that forgets the path is lost.
    if (!url.startsWith(`${path}/`)) return void outgoing.writeHead(404).end('not below the path');
    const forwarded = request({ hostname, port, method, path: url.slice(path.length), headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  }).listen(0, 'localhost');
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}${path}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
