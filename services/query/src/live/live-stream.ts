import { Readable } from 'node:stream';

/** What Node itself buffers before it asks its reader to wait. */
const HIGH_WATER = 16 * 1024;

/** An answer that lasts: server-sent events for one reader, with what its client has not taken yet. */
export class LiveStream extends Readable {
  #onRead: (() => void) | undefined;
  #isEnding = false;
  /** The connection that the stream is written to, once it is answered. */
  sink: { readonly writableLength: number } | undefined;

  constructor() {
    super({ highWaterMark: HIGH_WATER });
    this.once('close', () => this.#onRead?.());
  }

  /** Bytes that wait for the client. */
  get buffered(): number {
    return this.readableLength + (this.sink?.writableLength ?? 0);
  }

  get isOpen(): boolean {
    return !this.destroyed && !this.#isEnding;
  }

  send(bytes: Buffer | string): void {
    if (this.isOpen) this.push(bytes);
  }

  /** Resolves when the client has taken nearly everything, or is gone. */
  async drained(): Promise<void> {
    while (this.isOpen && this.readableLength >= HIGH_WATER) {
      await new Promise<void>((resolve) => (this.#onRead = resolve));
    }
  }

  /** Ends the stream as complete: a client that connects again does so after `retryMs`. */
  end(retryMs?: number): void {
    if (!this.isOpen) return;
    if (retryMs !== undefined) this.push(`retry: ${retryMs}\n\n`);
    this.#isEnding = true;
    this.push(null);
  }

  override _read(): void {
    this.#onRead?.();
    this.#onRead = undefined;
  }
}

/** One server-sent event. */
export function frameOf(name: string, id: string | undefined, data: object): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
