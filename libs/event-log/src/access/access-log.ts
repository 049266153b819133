import { accessSubject, type AccessEntry, ownerKey, type Owner } from '@opensync/contracts';
import { uuidv7 } from '@opensync/platform';
import { jetstream } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';

export interface AccessLogOptions {
  /** Called with how many entries were dropped because the log did not take them in time. */
  readonly onDropped?: (entries: number) => void;
  /** How long an entry waits for others, ms; default 1 second. */
  readonly flushMs?: number;
}

const FLUSH_MS = 1_000;
/** Entries of one message: about 50 KB. */
const ENTRIES_PER_MESSAGE = 250;
/** Entries that wait for the log, of a few hundred bytes each: about 5 MB. While it is unavailable, the oldest are dropped. */
const MOST_WAITING = 25_000;
/** Members whose entries are collected at the same time. */
const MOST_MEMBERS = 5_000;
const PUBLISHED_AT_ONCE = 16;
const PUBLISH = { timeout: 2_000, retries: 1 };
const CLOSE_WITHIN_MS = 2_000;

interface Batch {
  readonly subject: string;
  readonly entries: readonly AccessEntry[];
  /** Stays the same when it is sent again, so that the server stores it once. */
  readonly msgID: string;
}

/**
 * Writes the API access log. A request adds its entry in memory and goes on; once a second the entries of each member
 * become messages. Memory is bounded: what the log does not take in time is dropped and counted.
 */
export class AccessLog {
  readonly #nc: LogConnection;
  readonly #options: AccessLogOptions;
  readonly #collected = new Map<string, { readonly owner: Owner; entries: AccessEntry[] }>();
  #waiting: Batch[] = [];
  #waitingEntries = 0;
  #timer: NodeJS.Timeout | undefined;
  #publishing: Promise<void> | undefined;
  #isClosed = false;

  constructor(nc: LogConnection, options: AccessLogOptions = {}) {
    this.#nc = nc;
    this.#options = options;
  }

  /** Never waits and never throws. */
  record(owner: Owner, entry: AccessEntry): void {
    if (this.#isClosed) return;
    const key = ownerKey(owner);
    const known = this.#collected.get(key);
    if (known) {
      known.entries.push(entry);
      if (known.entries.length >= ENTRIES_PER_MESSAGE) this.#seal(key);
    } else {
      if (this.#collected.size >= MOST_MEMBERS) this.#seal(this.#collected.keys().next().value!);
      this.#collected.set(key, { owner, entries: [entry] });
    }
    this.#timer ??= setTimeout(() => this.#flush(), this.#options.flushMs ?? FLUSH_MS).unref();
  }

  /** Writes what is collected, within two seconds. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#flush();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_WITHIN_MS)));
    await Promise.race([this.#publishing, late]);
    clearTimeout(timer);
  }

  /** The entries of a member so far become a message. */
  #seal(key: string): void {
    const { owner, entries } = this.#collected.get(key)!;
    this.#collected.delete(key);
    this.#waiting.push({ subject: accessSubject(owner), entries, msgID: uuidv7() });
    this.#waitingEntries += entries.length;
    this.#makeRoom();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const key of [...this.#collected.keys()]) this.#seal(key);
    this.#publishing ??= this.#publish().finally(() => (this.#publishing = undefined));
  }

  /** Until nothing waits, or the log refuses a message: then the next flush tries again. */
  async #publish(): Promise<void> {
    const client = jetstream(this.#nc);
    while (this.#waiting.length > 0 && this.#nc.link.up) {
      const batches = this.#waiting.splice(0, PUBLISHED_AT_ONCE);
      const sent = await Promise.allSettled(
        batches.map(({ subject, entries, msgID }) =>
          client.publish(subject, JSON.stringify({ entries }), { ...PUBLISH, msgID }),
        ),
      );
      const refused = batches.filter((_, at) => sent[at]!.status === 'rejected');
      this.#waitingEntries -= entriesOf(batches) - entriesOf(refused);
      if (refused.length === 0) continue;
      this.#waiting = [...refused, ...this.#waiting];
      this.#makeRoom();
      break;
    }
    if (this.#waiting.length > 0 && !this.#isClosed) {
      this.#timer ??= setTimeout(() => this.#flush(), this.#options.flushMs ?? FLUSH_MS).unref();
    }
  }

  /** Those that are being published count until the log has taken them, and are not dropped. */
  #makeRoom(): void {
    while (this.#waitingEntries > MOST_WAITING && this.#waiting.length > 0) {
      const { length } = this.#waiting.shift()!.entries;
      this.#waitingEntries -= length;
      this.#options.onDropped?.(length);
    }
  }
}

function entriesOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, { entries }) => sum + entries.length, 0);
}
