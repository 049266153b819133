import { open, stat, statfs } from 'node:fs/promises';

const CHECK_MS = 500;
const SHORTEST_RESTART_INTERVAL_MS = 30_000;
const MEBIBYTE = 1024 * 1024;
/** With less space, the server's own error message may not have fitted on the disk. */
const BROKEN_BELOW_BYTES = MEBIBYTE;
const LARGEST_RESERVE_BYTES = 64 * MEBIBYTE;
/** Share of a small disk. */
const RESERVE_SHARE = 0.05;
const COMPLAINT = /no space left on device|JetStream resource limits exceeded for server/;

/** The disk that an embedded event log writes to. */
export interface LogDisk {
  /**
   * Reserves space for a write of this size; undefined if only the reserve is left. The caller calls the returned
   * function when the write has ended.
   */
  admit(bytes: number): (() => void) | undefined;
  /** Whether only the reserve is left, or the server failed to write. */
  readonly isFull: boolean;
  /**
   * Called when the server has failed to write: it acknowledges nothing until it is restarted. Returns a function
   * that unsubscribes.
   */
  onBroken(listener: () => void): () => void;
}

export interface DiskWatchOptions {
  readonly storeDir: string;
  readonly logFile: string;
  /** Called when a server that failed to write has space again, at most every 30 s. */
  readonly onRoom: () => void;
}

/**
 * Watches the disk of a nats-server. A stream whose write failed rejects every message until the server restarts, and
 * never says why. So writes stop before that, at a reserve of 64 MiB (5 % of a small disk): the server keeps
 * answering, stored events are still projected and acknowledged, and writes resume as soon as there is space. If the
 * disk fills up anyway, the server is restarted once it has space.
 */
export class DiskWatch implements LogDisk {
  readonly #options: DiskWatchOptions;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #logOffset = 0;
  #room = 0;
  /** Admitted bytes that may not have been on the disk at the last check. */
  #admitted = 0;
  #underWay = 0;
  #isBroken = false;
  #restartedAt = -Infinity;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  /**
   * Resolves after the first check.
   * @param logOffset bytes of the log that belong to earlier runs
   */
  async start(logOffset: number): Promise<void> {
    this.#logOffset = logOffset;
    await this.#look();
    const next = () => {
      this.#timer = setTimeout(() => void this.#look().finally(() => this.#timer && next()), CHECK_MS).unref();
    };
    next();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  get isFull(): boolean {
    return this.#isBroken || this.#room <= 0;
  }

  admit(bytes: number): (() => void) | undefined {
    if (this.#isBroken || this.#room - this.#admitted < bytes) return undefined;
    this.#admitted += bytes;
    this.#underWay += bytes;
    return () => (this.#underWay -= bytes);
  }

  onBroken(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #look(): Promise<void> {
    try {
      const { bavail, blocks, bsize } = await statfs(this.#options.storeDir);
      const free = bavail * bsize;
      const reserve = Math.min(LARGEST_RESERVE_BYTES, Math.max(BROKEN_BELOW_BYTES, blocks * bsize * RESERVE_SHARE));
      this.#room = free - reserve;
      this.#admitted = this.#underWay;
      if (free < BROKEN_BELOW_BYTES || COMPLAINT.test(await this.#newLines())) this.#break();
      if (this.#isBroken && this.#room > 0) this.#restart();
    } catch {
      // The disk is unavailable, or the log is being rotated: check again later.
    }
  }

  #break(): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    for (const listener of [...this.#listeners]) listener();
  }

  #restart(): void {
    if (performance.now() - this.#restartedAt < SHORTEST_RESTART_INTERVAL_MS) return;
    this.#restartedAt = performance.now();
    this.#isBroken = false;
    this.#options.onRoom();
  }

  async #newLines(): Promise<string> {
    const { size } = await stat(this.#options.logFile);
    if (size === this.#logOffset) return '';
    if (size < this.#logOffset) this.#logOffset = 0; // rotated
    const file = await open(this.#options.logFile, 'r');
    try {
      // While the disk is full, the server repeats its error message: the end of the log is enough.
      const from = Math.max(this.#logOffset, size - MEBIBYTE);
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - from), position: from });
      this.#logOffset = from + bytesRead;
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
