import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The requests of a connection that are being answered: clients may pipeline. */
interface UnderWay {
  count: number;
  /** Kept after its answer while some of its body is still to come. */
  last: ServerResponse | undefined;
}

const NOTHING: UnderWay = { count: 0, last: undefined };

/**
 * Bounds the number of open connections. At the limit a new connection replaces the longest idle one, so a client
 * that opens connections without complete requests closes its own ones. A new connection is rejected only if all
 * others have a request in progress.
 */
export class Connections {
  readonly #limit: number;
  readonly #refuse: (socket: Socket) => void;
  readonly #underWay = new WeakMap<Socket, UnderWay>();
  /** Without a request in progress; longest idle first. */
  readonly #idle = new Set<Socket>();
  #open = 0;

  /** @param refuse answers a surplus connection and closes it */
  constructor(limit: number, refuse: (socket: Socket) => void) {
    this.#limit = limit;
    this.#refuse = refuse;
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
    const { count, last } = this.#underWay.get(socket) ?? NOTHING;
    return { response: count > 0 || !last?.req.complete ? last : undefined, isLast: count <= 1 };
  }

  #onConnection(socket: Socket): void {
    if (this.#open >= this.#limit) {
      const [longestIdle] = this.#idle;
      if (!longestIdle) return this.#refuse(socket);
      this.#idle.delete(longestIdle);
      longestIdle.destroy();
    }
    this.#open++;
    this.#idle.add(socket);
    this.#underWay.set(socket, { count: 0, last: undefined });
    socket.once('close', () => {
      this.#open--;
      this.#idle.delete(socket);
    });
  }

  #onRequest({ socket }: IncomingMessage, response: ServerResponse): void {
    const underWay = this.#underWay.get(socket);
    // Injected by a test, or rejected and still sending.
    if (!underWay) return;
    underWay.count++;
    underWay.last = response;
    this.#idle.delete(socket);
    response.once('close', () => {
      underWay.count--;
      if (underWay.count > 0) return;
      if (response.req.complete) underWay.last = undefined;
      if (!socket.destroyed) this.#idle.add(socket);
    });
  }
}
