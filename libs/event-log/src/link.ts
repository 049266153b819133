import type { Socket } from 'node:net';
import type { NatsConnection } from '@nats-io/transport-node';

/**
 * Ends a connection whose peer hangs. The client itself waits until the peer has read all pending writes, which never
 * happens if the socket's buffer is full; see `_closed` in transport-node.
 */
function breakOff(nc: NatsConnection): void {
  const { protocol } = nc as { readonly protocol?: { readonly transport?: { readonly socket?: Socket } } };
  protocol?.transport?.socket?.destroy();
}

/** Whether a connection is up; tells its listeners when that changes. Ends with it. */
export class Link {
  readonly #listeners = new Set<(up: boolean) => void>();
  #up: boolean;
  #changedAt = Date.now();

  constructor(nc: NatsConnection) {
    this.#up = nc.info !== undefined;
    void this.#follow(nc);
  }

  get up(): boolean {
    return this.#up;
  }

  /** Since when it has been in this state; milliseconds since the epoch. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** Returns a function that ends the subscription. */
  onChange(listener: (up: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #follow(nc: NatsConnection): Promise<void> {
    for await (const { type } of nc.status()) {
      if (type === 'disconnect') this.#set(false);
      else if (type === 'reconnect') this.#set(true);
      else if (type === 'staleConnection') breakOff(nc);
    }
    this.#set(false);
  }

  #set(up: boolean): void {
    if (up === this.#up) return;
    this.#up = up;
    this.#changedAt = Date.now();
    for (const listener of [...this.#listeners]) listener(up);
  }
}
