import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The requests of a connection that are being answered: clients may send the next one early. */
interface UnderWay {
  count: number;
  /** Kept beyond its answer while some of its body is still to come. */
  last: ServerResponse | undefined;
}

const NOTHING: UnderWay = { count: 0, last: undefined };

/**
 * Bounds how many connections are open. At the limit a new one takes the place of the one that has been without a request
 * for longest; a client that opens connections and says nothing, or only half a request, closes its own ones that way.
 * Only if each has a request under way is a new one refused.
 */
export class Connections {
  readonly #limit: number;
  readonly #refuse: (socket: Socket) => void;
  readonly #underWay = new WeakMap<Socket, UnderWay>();
  /** Without a request under way; the longest ones first. */
  readonly #idle = new Set<Socket>();
  #open = 0;

  /** @param refuse answers a connection that is one too many, and closes it */
  constructor(limit: number, refuse: (socket: Socket) => void) {
    this.#limit = limit;
    this.#refuse = refuse;
  }

  addTo(server: Server): void {
    server.on('connection', (socket) => this.#onConnection(socket));
    server.prependListener('request', (request, response) => this.#onRequest(request, response));
  }

  /**
   * The newest request of this connection that has no whole answer yet, or that was answered before the end of its body; and
   * whether it is the only one.
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
    // Injected by a test, or refused and still sending.
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
