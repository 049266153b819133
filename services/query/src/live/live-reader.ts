import type { Positions } from '@opensync/contracts';
import type { LiveWish } from './live-request.ts';
import { frameOf, LiveStream } from './live-stream.ts';

/** What a request for a stream brings. */
export interface LiveRequest {
  readonly wish: LiveWish;
  readonly positions: Positions;
  readonly keyId: string;
  /** Whether its key still allows it. */
  readonly mayContinue: () => Promise<boolean>;
  /** `Last-Event-ID`: where a stream before this one ended. */
  readonly lastEventId?: string | undefined;
  /** After how many seconds it ends; 0: once it has sent what was missed. */
  readonly seconds?: number | undefined;
}

/** One reader of live events, and what is on the way to it. */
export class LiveReader {
  readonly request: LiveRequest;
  readonly stream = new LiveStream();
  /** What is announced while it catches up; undefined once it has caught up. */
  #held: Buffer[] | undefined = [];
  #heldBytes = 0;
  readonly #limit: number;
  /** Whether it got events since it last got a position. */
  isAhead = false;

  /** @param limit bytes that may wait for the client */
  constructor(request: LiveRequest, limit: number) {
    this.request = request;
    this.#limit = limit;
  }

  /** Events that are announced now. False if the client does not keep up: it is to be dropped. */
  announce(frames: Buffer): boolean {
    this.isAhead = true;
    if (this.#held) {
      this.#heldBytes += frames.length;
      if (this.#heldBytes <= this.#limit) this.#held.push(frames);
      return true;
    }
    // What waited before: many events at once do no harm to a client that reads.
    if (this.stream.buffered > this.#limit) return false;
    this.stream.send(frames);
    return true;
  }

  /** The events that it has missed, at the speed of its client. */
  async catchUp(frames: string): Promise<void> {
    this.stream.send(frames);
    await this.stream.drained();
  }

  /** From here on it gets what is announced. @param position everything up to it was sent, or is for the client to read */
  begin(name: 'ready' | 'reset', position: number, data: object = {}): void {
    const held = this.#held ?? [];
    // More than it may hold was announced meanwhile, so some of it is lost.
    const isLate = this.#heldBytes > this.#limit;
    this.#held = undefined;
    this.stream.send(
      isLate ? this.#frame('reset', position, { reason: 'too-much-missed' }) : this.#frame(name, position, data),
    );
    if (!isLate) for (const frames of held) this.stream.send(frames);
  }

  /** Missed events cannot be sent again: the client has to read again. */
  reset(position: number, reason: string): void {
    if (!this.#held) this.stream.send(this.#frame('reset', position, { reason }));
    else this.#heldBytes = Infinity;
  }

  /** Everything up to the position has been sent. */
  moveOn(position: number): void {
    if (!this.isAhead || this.#held) return;
    this.isAhead = false;
    this.stream.send(this.#frame('position', position, {}));
  }

  #frame(name: string, position: number, data: object): string {
    return frameOf(name, this.request.positions.encode(position), data);
  }
}
