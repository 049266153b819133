import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { IdleSockets } from './idle-sockets.ts';

/** The open connections of one client address. */
interface Peer {
  readonly address: string;
  open: number;
  readonly idle: IdleSockets;
}

interface Connection {
  /** Undefined of a proxy: its connections carry requests of many clients. */
  readonly peer: Peer | undefined;
  /** Whether one of its requests had a valid key. */
  isMember: boolean;
  /** The requests that are being answered: clients may pipeline. */
  underWay: number;
  /** The newest request; kept after its answer while some of its body is still to come. */
  last: ServerResponse | undefined;
}

/** Why a connection is surplus: all connections together, or those of its address. */
export type Surplus = 'total' | 'address';

export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
  /** Whose connections these are, for counting; undefined if they are not counted by address. */
  readonly addressOf: (socket: Socket) => string | undefined;
  /** Answers a surplus connection and closes it. */
  readonly refuse: (socket: Socket, surplus: Surplus) => void;
}

/**
 * Bounds the number of open connections, in total and of each address. At a limit a new connection replaces the longest idle one, so a
 * client that opens connections without complete requests closes its own ones. Connections without a valid key so far make room first. A
 * new connection is rejected only if all others have a request in progress.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #connections = new WeakMap<Socket, Connection>();
  /** Of addresses with open connections, so there are no more of them than connections. */
  readonly #peers = new Map<string, Peer>();
  readonly #idle = new IdleSockets();
  #open = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  addTo(server: Server): void {
    server.on('connection', (socket) => this.#onConnection(socket));
    server.prependListener('request', (request, response) => this.#onRequest(request, response));
  }

  /**
   * The newest request of this connection that is not completely answered, or was answered before the end of its
   * body; and whether it is the only one.
   */
  underWay(socket: Socket): { readonly response: ServerResponse | undefined; readonly isLast: boolean } {
    const { underWay = 0, last } = this.#connections.get(socket) ?? {};
    return { response: underWay > 0 || !last?.req.complete ? last : undefined, isLast: underWay <= 1 };
  }

  /** Records that a request in progress on this connection had a valid key. */
  recognise(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection) connection.isMember = true;
  }

  #onConnection(socket: Socket): void {
    const { total, perAddress, addressOf, refuse } = this.#limits;
    const address = addressOf(socket);
    const known = address === undefined ? undefined : this.#peers.get(address);
    if (known && known.open >= perAddress && !this.#makeRoom(known.idle)) return refuse(socket, 'address');
    if (this.#open >= total && !this.#makeRoom(this.#idle)) return refuse(socket, 'total');
    const peer = address === undefined ? undefined : this.#peerOf(address);
    const connection = { peer, isMember: false, underWay: 0, last: undefined };
    this.#connections.set(socket, connection);
    this.#open++;
    if (peer) peer.open++;
    this.#rest(socket, connection);
    socket.once('close', () => this.#forget(socket));
  }

  /** Closes the one to close first. False if there is none. */
  #makeRoom(idle: IdleSockets): boolean {
    const first = idle.first();
    if (!first) return false;
    // Now, not when it is closed: its place is for this connection alone.
    this.#forget(first);
    first.destroy();
    return true;
  }

  #forget(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (!connection) return;
    this.#connections.delete(socket);
    this.#wake(socket, connection);
    this.#open--;
    const { peer } = connection;
    if (peer && --peer.open === 0) this.#peers.delete(peer.address);
  }

  #peerOf(address: string): Peer {
    let peer = this.#peers.get(address);
    if (!peer) this.#peers.set(address, (peer = { address, open: 0, idle: new IdleSockets() }));
    return peer;
  }

  #rest(socket: Socket, { peer, isMember }: Connection): void {
    this.#idle.add(socket, isMember);
    peer?.idle.add(socket, isMember);
  }

  #wake(socket: Socket, { peer }: Connection): void {
    this.#idle.delete(socket);
    peer?.idle.delete(socket);
  }

  #onRequest({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(socket);
    // Injected by a test, or rejected and still sending.
    if (!connection) return;
    connection.underWay++;
    connection.last = response;
    this.#wake(socket, connection);
    response.on('close', () => {
      connection.underWay--;
      if (connection.underWay > 0) return;
      if (response.req.complete) connection.last = undefined;
      if (!socket.destroyed) this.#rest(socket, connection);
    });
  }
}
