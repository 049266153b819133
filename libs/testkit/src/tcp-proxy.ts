import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * The behaviour for connections: everything passes, each piece is delayed, every n-th piece (of all connections, in
 * either direction) closes its connection, or all are closed, including new ones.
 */
export type Line = 'open' | 'cut' | { readonly delayMs: number } | { readonly tearEvery: number };

export interface TcpProxy {
  readonly port: number;
  /** Changes the line for new connections and for those that are open. */
  become(line: Line): void;
  close(): Promise<void>;
}

/** A proxy between a client and `upstream` (a URL with host and port), for protocols other than HTTP. */
export async function tcpProxy(upstream: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(upstream);
  let line: Line = 'open';
  const sockets = new Set<Socket>();
  let pieces = 0;
  const passing = (tear: () => void) =>
    new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        if (typeof line === 'string') return done(null, chunk);
        if ('delayMs' in line) return void delay(line.delayMs).then(() => done(null, chunk));
        pieces++;
        if (pieces % line.tearEvery === 0) tear();
        else done(null, chunk);
      },
    });
  const server = createServer((client) => {
    if (line === 'cut') return client.resetAndDestroy();
    const server = connect({ host: hostname, port: Number(port) });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    const tear = () => {
      client.resetAndDestroy();
      server.resetAndDestroy();
    };
    client.pipe(passing(tear)).pipe(server);
    server.pipe(passing(tear)).pipe(client);
  });
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    become(next) {
      line = next;
      if (line === 'cut') cut();
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
