import { open, statfs } from 'node:fs/promises';

const CHECK_MS = 5000;
const SHORTEST_INTERVAL_MS = 30_000;
const MEBIBYTE = 1024 * 1024;
/** So full that the server's own complaint may not have fitted on the disk any more. */
const FULL_BELOW_BYTES = MEBIBYTE;
const ENOUGH_BYTES = 64 * MEBIBYTE;
/** Enough of a small disk. */
const ENOUGH_SHARE = 0.05;
const COMPLAINT = /no space left on device|JetStream resource limits exceeded for server/;

export interface FullDiskOptions {
  readonly storeDir: string;
  readonly logFile: string;
  /** Called when the disk was full and has room again; not more often than every 30 s. */
  readonly onRoom: () => void;
}

/**
 * Notices that the disk of a nats-server was full and is not any more. The server itself does not: a stream that failed
 * to write once refuses every message until a restart.
 */
export class FullDiskWatch {
  readonly #options: FullDiskOptions;
  readonly #timer: NodeJS.Timeout;
  #offset = 0;
  #wasFull = false;
  #calledAt = -Infinity;
  #checking = false;

  /** @param logOffset bytes of the log that are of earlier runs */
  constructor(options: FullDiskOptions, logOffset: number) {
    this.#options = options;
    this.#offset = logOffset;
    this.#timer = setInterval(() => void this.#check(), CHECK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      const { bavail, blocks, bsize } = await statfs(this.#options.storeDir);
      const free = bavail * bsize;
      if (COMPLAINT.test(await this.#newLines()) || free < FULL_BELOW_BYTES) this.#wasFull = true;
      const enough = Math.min(ENOUGH_BYTES, Math.max(FULL_BELOW_BYTES, blocks * bsize * ENOUGH_SHARE));
      if (!this.#wasFull || free < enough || performance.now() - this.#calledAt < SHORTEST_INTERVAL_MS) return;
      this.#wasFull = false;
      this.#calledAt = performance.now();
      this.#options.onRoom();
    } catch {
      // The disk is away, or the log is just being rotated: the next check sees.
    } finally {
      this.#checking = false;
    }
  }

  async #newLines(): Promise<string> {
    const file = await open(this.#options.logFile, 'r');
    try {
      const { size } = await file.stat();
      if (size < this.#offset) this.#offset = 0; // rotated
      // What it says while it is full, it says again and again: the end is enough.
      const from = Math.max(this.#offset, size - MEBIBYTE);
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - from), position: from });
      this.#offset = from + bytesRead;
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
