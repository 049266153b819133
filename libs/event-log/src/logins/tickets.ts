import type { KV } from '@nats-io/kv';
import type { LogConnection } from '../connection.ts';
import { isConflict } from '../jetstream-codes.ts';
import { orUnavailable } from '../unavailable.ts';
import { hashOfToken, newToken, type Stored } from './records.ts';

/** A record that its token uses up. Times are milliseconds since the epoch. */
export interface Ticket {
  readonly expiresAt: number;
}

/**
 * Records under the hash of a token that works once: links that log in, and invitations. The directory of logins holds them in
 * memory and tells what the bucket delivers.
 */
export class Tickets<Record extends Ticket> {
  readonly #nc: LogConnection;
  readonly #bucket: KV;
  readonly #entryOf: (hash: string) => string;
  readonly #now: () => number;
  #known = new Map<string, Stored<Record>>();
  #loading = this.#known;

  constructor(
    nc: LogConnection,
    bucket: KV,
    { entryOf, now }: { readonly entryOf: (hash: string) => string; readonly now: () => number },
  ) {
    this.#nc = nc;
    this.#bucket = bucket;
    this.#entryOf = entryOf;
    this.#now = now;
  }

  /** Those that can be used. */
  list(): Record[] {
    const now = this.#now();
    return [...this.#known.values()].map(({ record }) => record).filter(({ expiresAt }) => expiresAt > now);
  }

  /** The record of a token that can be used. */
  find(token: string): Record | undefined {
    const record = this.#known.get(hashOfToken(token))?.record;
    return record && record.expiresAt > this.#now() ? record : undefined;
  }

  /** Resolves with the token, which is only in the return value. @throws AppError UNAVAILABLE */
  async create(record: Record): Promise<string> {
    await this.sweep();
    const token = newToken();
    const hash = hashOfToken(token);
    const revision = await orUnavailable(this.#nc, () =>
      this.#bucket.create(this.#entryOf(hash), JSON.stringify(record)),
    );
    this.#each((records) => records.set(hash, { record, revision }));
    return token;
  }

  /** Stores a record under a given token. Resolves with whether it was the first one to. @throws AppError UNAVAILABLE */
  async claim(token: string, record: Record): Promise<boolean> {
    await this.sweep();
    const hash = hashOfToken(token);
    try {
      const revision = await this.#bucket.create(this.#entryOf(hash), JSON.stringify(record));
      this.#each((records) => records.set(hash, { record, revision }));
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      return orUnavailable(this.#nc, () => Promise.reject(error as Error));
    }
  }

  /**
   * The record of a token, which is then used up; undefined if it is unknown, expired or used. Of several uses at the same time, in
   * any process, one wins. @throws AppError UNAVAILABLE
   */
  async use(token: string): Promise<Record | undefined> {
    const hash = hashOfToken(token);
    const stored = this.#known.get(hash);
    if (!stored || !(await this.#take(hash, stored))) return undefined;
    return stored.record.expiresAt > this.#now() ? stored.record : undefined;
  }

  /** Removes all that match, durably. Resolves with how many. @throws AppError UNAVAILABLE */
  async remove(matches: (record: Record) => boolean): Promise<number> {
    const found = [...this.#known].filter(([, { record }]) => matches(record));
    for (const [hash] of found) {
      await orUnavailable(this.#nc, () => this.#bucket.delete(this.#entryOf(hash)));
      this.#each((records) => records.delete(hash));
    }
    return found.length;
  }

  /** Removes what has expired. @throws AppError UNAVAILABLE */
  async sweep(): Promise<void> {
    const now = this.#now();
    await this.remove(({ expiresAt }) => expiresAt <= now);
  }

  /** A new watch of the bucket begins: what it does not deliver is gone. */
  begin(): void {
    this.#loading = new Map();
  }

  complete(): void {
    this.#known = this.#loading;
  }

  /** What the bucket holds under a hash; undefined for nothing that this version can read. */
  apply(hash: string, record: Record | undefined, revision: number): void {
    this.#each((records) => (record ? records.set(hash, { record, revision }) : records.delete(hash)));
  }

  /** Whether this use is the first one. */
  async #take(hash: string, stored: Stored<Record>): Promise<boolean> {
    this.#each((records) => records.delete(hash));
    try {
      await this.#bucket.delete(this.#entryOf(hash), { previousSeq: stored.revision });
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      this.#each((records) => records.set(hash, stored));
      return orUnavailable(this.#nc, () => Promise.reject(error as Error));
    }
  }

  #each(change: (records: Map<string, Stored<Record>>) => unknown): void {
    for (const records of new Set([this.#known, this.#loading])) change(records);
  }
}
