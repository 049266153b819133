import type { Socket } from 'node:net';

/** Sockets without a request in progress, in the order in which they make room for new ones. */
export class IdleSockets {
  /** Longest idle first, as the sets keep their order. */
  readonly #strangers = new Set<Socket>();
  readonly #members = new Set<Socket>();

  /** @param isMember whether a request of it had a valid key: others make room first */
  add(socket: Socket, isMember: boolean): void {
    (isMember ? this.#members : this.#strangers).add(socket);
  }

  delete(socket: Socket): void {
    this.#strangers.delete(socket);
    this.#members.delete(socket);
  }

  /** The one to close first. */
  first(): Socket | undefined {
    const [stranger] = this.#strangers;
    if (stranger) return stranger;
    const [member] = this.#members;
    return member;
  }
}
