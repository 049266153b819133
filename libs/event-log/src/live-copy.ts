import { setTimeout as delay } from 'node:timers/promises';
import type { LogConnection } from './connection.ts';
import type { Link } from './link.ts';
import type { StreamWatch } from './stream-watch.ts';
import { unavailable } from './unavailable.ts';

/** The source of a copy. */
export interface CopySource<Item> {
  /** Called before each watch. */
  readonly prepare?: () => Promise<void>;
  readonly watch: () => Promise<StreamWatch<Item>>;
  /** A watch has begun, which delivers everything from the start. */
  readonly begin?: () => void;
  readonly apply: (item: Item) => void;
  /** The watch has delivered everything that existed when it began. */
  readonly complete?: () => void;
  /** The sequence of the last item, according to the stream's leader; 0 if there is none. */
  readonly last: () => Promise<number>;
}

export interface LiveCopyOptions {
  /** For tests: the time, in milliseconds. */
  readonly now?: (() => number) | undefined;
  /** For tests: how often the copy is compared with its stream; milliseconds. */
  readonly confirmEveryMs?: number | undefined;
}

const RETRY_MS = 250;
const CONFIRM_EVERY_MS = 15_000;
/**
 * How long a copy is trusted without a comparison with its stream. Reads continue while the log restarts; but an
 * attacker who cuts a gateway off from the log must not keep a revoked key or role valid.
 */
export const LONGEST_UNCONFIRMED_MS = 5 * 60_000;

/**
 * An in-memory copy of the last message of each subject of a stream. It receives each change at once, and is not used
 * before it is complete, nor after it could not be compared with the stream for {@link LONGEST_UNCONFIRMED_MS}.
 */
export class LiveCopy<Item extends { readonly sequence: number; readonly isUpdate: boolean }> {
  readonly #name: string;
  readonly #source: CopySource<Item>;
  readonly #now: () => number;
  readonly #link: Link;
  readonly #unlink: () => void;
  readonly #ready = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  readonly #following: Promise<void>;
  #restarts = 0;
  #watch: StreamWatch<Item> | undefined;
  /** When the copy was last known to match the stream. */
  #currentAt = -Infinity;
  /** The last item that the watch delivered. */
  #sequence = 0;
  #loading = true;

  /** @param name what is copied, for messages: `API keys` */
  constructor(nc: LogConnection, name: string, source: CopySource<Item>, options: LiveCopyOptions = {}) {
    this.#name = name;
    this.#source = source;
    this.#now = options.now ?? Date.now;
    this.#link = nc.link;
    // After a reconnect the server may have forgotten the watch: begin a new one.
    this.#unlink = this.#link.onChange(() => this.restart());
    this.#following = this.#follow();
    void this.#confirm(options.confirmEveryMs ?? CONFIRM_EVERY_MS);
  }

  /** Begins a new watch, because the watched stream was replaced. */
  restart(): void {
    this.#restarts++;
    this.#watch?.stop();
  }

  /** Whether the copy is complete and recent enough for decisions. */
  get isCurrent(): boolean {
    return this.#now() - this.#currentAt <= LONGEST_UNCONFIRMED_MS;
  }

  /** @throws AppError UNAVAILABLE */
  assertCurrent(): void {
    if (this.isCurrent) return;
    const isLoaded = this.#currentAt > -Infinity;
    throw unavailable(
      new Error(isLoaded ? `the copy of the ${this.#name} is too old` : `the ${this.#name} are not loaded yet`),
    );
  }

  /** Resolves when the first complete copy exists, or this is closed. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#ready.resolve();
    this.#unlink();
    this.#watch?.stop();
    await this.#following;
  }

  /** Watches repeatedly: a watch ends with its connection. Each begins with all last values. */
  async #follow(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const restarts = this.#restarts;
      try {
        await this.#source.prepare?.();
        const askedAt = this.#now();
        this.#loading = true;
        this.#watch = await this.#source.watch();
        if (restarts !== this.#restarts || this.#closing.signal.aborted) this.#watch.stop();
        this.#source.begin?.();
        if (this.#watch.isEmpty) this.#complete(askedAt, 0);
        for await (const item of this.#watch) this.#apply(item, askedAt);
      } catch {
        // The stream is missing or does not answer; the copy stays valid for a while.
      }
      await this.#pause(RETRY_MS);
    }
  }

  /** @param askedAt when the delivering watch began */
  #apply(item: Item, askedAt: number): void {
    this.#source.apply(item);
    // The last of the values that existed when the watch began is marked.
    if (item.isUpdate && this.#loading) this.#complete(askedAt, item.sequence);
    this.#sequence = item.sequence;
  }

  #complete(askedAt: number, sequence: number): void {
    this.#sequence = sequence;
    this.#source.complete?.();
    this.#loading = false;
    this.#currentAt = askedAt;
    this.#ready.resolve();
  }

  /** Compares the copy with the stream periodically: a watch that delivers nothing more does not say so. */
  async #confirm(everyMs: number): Promise<void> {
    let missing: number | undefined;
    while (await this.#pause(everyMs)) {
      if (this.#loading || !this.#link.up) continue;
      const askedAt = this.#now();
      const last = await this.#source.last().catch(() => undefined);
      if (last === undefined) continue;
      if (last === this.#sequence) this.#currentAt = askedAt;
      // It is not just delayed, since it was missing the last time as well: a new watch delivers everything.
      else if (last === missing) this.#watch?.stop();
      missing = last === this.#sequence ? undefined : last;
    }
  }

  /** Resolves with whether to continue. */
  #pause(ms: number): Promise<boolean> {
    const { signal } = this.#closing;
    return delay(ms, true, { signal }).catch(() => false);
  }
}
