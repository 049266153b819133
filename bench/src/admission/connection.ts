import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

const HEAD_END = '\r\n\r\n';

/** One connection of HTTP/1.1 that is kept, with one request at a time: as little work as possible beside the product. */
export class Connection {
  readonly #socket: Socket;
  #received = '';
  /** Bytes that belong to the answer, once its head is there. */
  #length: number | undefined;
  #onAnswer: ((status: number) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (piece) => this.#receive(String(piece)));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#end(0));
  }

  static async open(url: string): Promise<Connection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** @param onAnswer the status; 0 if the connection was lost. False if it cannot be used any more. */
  send(request: string, onAnswer: (status: number) => void): boolean {
    if (!this.#socket.writable) return false;
    this.#onAnswer = onAnswer;
    this.#socket.write(request, 'latin1');
    return true;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(piece: string): void {
    this.#received += piece;
    if (this.#length === undefined) {
      const end = this.#received.indexOf(HEAD_END);
      if (end < 0) return;
      const length = /\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1];
      this.#length = end + HEAD_END.length + Number(length ?? 0);
    }
    if (this.#received.length < this.#length) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = '';
    this.#length = undefined;
    this.#end(status);
  }

  #end(status: number): void {
    const onAnswer = this.#onAnswer;
    this.#onAnswer = undefined;
    onAnswer?.(status);
  }
}
