import { newLoginId, type Owner, type Principal } from '@opensync/contracts';
import type { KV } from '@nats-io/kv';
import { openBucket } from '../bucket.ts';
import { watchBucket, type BucketEntry } from '../bucket-watch.ts';
import type { LogConnection } from '../connection.ts';
import { isConflict } from '../jetstream-codes.ts';
import type { KeyDirectory } from '../keys/index.ts';
import { LiveCopy, type LiveCopyOptions } from '../live-copy.ts';
import { LOGIN_BUCKET } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import {
  hashOfEntry,
  hashOfToken,
  linkEntry,
  linkRecordSchema,
  loginEntry,
  loginRecordSchema,
  newToken,
  type LinkRecord,
  type LoginMeans,
  type LoginRecord,
} from './records.ts';

/** Logins of one person at the same time: one more ends the one that was used least recently. */
const MOST_LOGINS = 20;
/** How often the use of a login is written, at most. */
export const TOUCHED_EVERY_MS = 5 * 60_000;
export const LINK_LIFETIME_MS = 15 * 60_000;

export interface LoginLimits {
  /** A login that was not used for so long ends. */
  readonly idleMs: number;
  /** A login ends after so long in any case. */
  readonly lifetimeMs: number;
}

export interface LoginDirectoryOptions extends LiveCopyOptions {
  readonly limits: LoginLimits;
  /** For tests: the time by which logins end, in milliseconds. */
  readonly clock?: () => number;
}

export interface NewLogin {
  readonly owner: Owner;
  readonly means: LoginMeans;
  /** See {@link LoginRecord.keyId}. */
  readonly keyId?: string | undefined;
}

class Records {
  readonly logins = new Map<string, Stored<LoginRecord>>();
  readonly links = new Map<string, Stored<LinkRecord>>();
}

interface Stored<Record> {
  readonly record: Record;
  /** Of the bucket, to replace exactly this version. */
  readonly revision: number;
}

/**
 * The logins of people, as records under the hash of a cookie's token in a watched KV bucket: every gateway holds them in memory
 * and receives changes at once, so a logout takes effect everywhere within moments. As with API keys, nobody gets access
 * while the copy is incomplete or too old: see {@link LiveCopy}.
 */
export class LoginDirectory {
  readonly #nc: LogConnection;
  readonly #bucket: KV;
  readonly #keys: KeyDirectory;
  readonly #limits: LoginLimits;
  readonly #now: () => number;
  #known = new Records();
  /** What a new watch delivers: it replaces the known records once it is complete, so that those which are gone are gone. */
  #loading = this.#known;
  /** Hashes of logins that ended here, until the bucket says so: an earlier change of one may still be on its way. */
  readonly #ended = new Set<string>();
  readonly #copy: LiveCopy<BucketEntry>;
  readonly #unlink: (() => void) | undefined;

  /** @throws AppError UNAVAILABLE */
  static async open(nc: LogConnection, keys: KeyDirectory, options: LoginDirectoryOptions): Promise<LoginDirectory> {
    return new LoginDirectory(nc, await orUnavailable(nc, () => openBucket(nc, LOGIN_BUCKET)), keys, options);
  }

  private constructor(nc: LogConnection, bucket: KV, keys: KeyDirectory, options: LoginDirectoryOptions) {
    this.#nc = nc;
    this.#bucket = bucket;
    this.#keys = keys;
    this.#limits = options.limits;
    this.#now = options.clock ?? Date.now;
    const source = {
      watch: () => watchBucket(nc, LOGIN_BUCKET),
      begin: () => void (this.#loading = new Records()),
      apply: (entry: BucketEntry) => this.#apply(entry),
      complete: () => void (this.#known = this.#loading),
      last: async () => {
        const { messages, last_seq: last } = (await bucket.status()).streamInfo.state;
        return messages === 0 ? 0 : last;
      },
    };
    this.#copy = new LiveCopy(nc, 'logins', source, options);
    this.#unlink = nc.topology?.onReplaced(LOGIN_BUCKET, () => this.#copy.restart());
  }

  /**
   * What a login may do; undefined if it is unknown or has ended, or if its key or its person's membership has.
   * @throws AppError UNAVAILABLE while no complete and recent copy of logins, keys and users exists
   */
  authenticate(token: string, { isUse = true }: { readonly isUse?: boolean } = {}): Principal | undefined {
    this.#copy.assertCurrent();
    const hash = hashOfToken(token);
    const stored = this.#known.logins.get(hash);
    if (!stored || this.#hasEnded(stored.record)) return undefined;
    const { id, owner, keyId } = stored.record;
    const principal = keyId === undefined ? this.#memberOf(owner) : this.#keys.principalOf(keyId);
    if (!principal) return undefined;
    if (isUse) this.#touch(hash, stored);
    // The key's own id would mix the requests of a person with those of a plugin.
    return { ...principal, keyId: id, loginId: id };
  }

  /** The record of a valid login. @throws AppError UNAVAILABLE */
  find(token: string): LoginRecord | undefined {
    this.#copy.assertCurrent();
    const stored = this.#known.logins.get(hashOfToken(token));
    return stored && !this.#hasEnded(stored.record) ? stored.record : undefined;
  }

  /**
   * Resolves with the token of a new login once it is durably stored and valid here. The token is only in the return value.
   * @throws AppError UNAVAILABLE
   */
  async create({ owner, means, keyId }: NewLogin): Promise<{ token: string; record: LoginRecord }> {
    this.#copy.assertCurrent();
    await this.#makeRoom(owner);
    const token = newToken();
    const hash = hashOfToken(token);
    const now = this.#now();
    const record: LoginRecord = {
      id: newLoginId(),
      owner: { workspaceId: owner.workspaceId, userId: owner.userId },
      means,
      ...(keyId !== undefined && { keyId }),
      createdAt: now,
      endsAt: now + this.#limits.lifetimeMs,
      usedAt: now,
    };
    const revision = await orUnavailable(this.#nc, () => this.#bucket.create(loginEntry(hash), JSON.stringify(record)));
    this.#each(({ logins }) => logins.set(hash, { record, revision }));
    return { token, record };
  }

  /** Ends a login, durably. Whether there was one. @throws AppError UNAVAILABLE */
  async end(token: string): Promise<boolean> {
    const hash = hashOfToken(token);
    if (!this.#known.logins.has(hash)) return false;
    await this.#remove(hash);
    return true;
  }

  /** Ends the logins of a person, or the one with an id. Resolves with how many. @throws AppError UNAVAILABLE */
  async endOf(owner: Pick<Owner, 'userId'> & Partial<Owner>, id?: string): Promise<number> {
    this.#copy.assertCurrent();
    const found = [...this.#known.logins].filter(
      ([, { record }]) => isOf(record, owner) && (id === undefined || record.id === id),
    );
    for (const [hash] of found) await this.#remove(hash);
    return found.length;
  }

  /** The valid logins of a person, most recently used first. @throws AppError UNAVAILABLE */
  list(owner: Pick<Owner, 'userId'> & Partial<Owner>): LoginRecord[] {
    this.#copy.assertCurrent();
    return [...this.#known.logins.values()]
      .map(({ record }) => record)
      .filter((record) => isOf(record, owner) && !this.#hasEnded(record))
      .sort((a, b) => b.usedAt - a.usedAt);
  }

  /** The token of a link that logs a member in once. @throws AppError UNAVAILABLE */
  async createLink(owner: Owner): Promise<{ token: string; expiresAt: number }> {
    this.#copy.assertCurrent();
    await this.#sweep();
    const token = newToken();
    const hash = hashOfToken(token);
    const expiresAt = this.#now() + LINK_LIFETIME_MS;
    const record: LinkRecord = { owner: { workspaceId: owner.workspaceId, userId: owner.userId }, expiresAt };
    const revision = await orUnavailable(this.#nc, () => this.#bucket.create(linkEntry(hash), JSON.stringify(record)));
    this.#each(({ links }) => links.set(hash, { record, revision }));
    return { token, expiresAt };
  }

  /**
   * Whom a link logs in; undefined if it is unknown, expired or used. Of several uses at the same time, in any process, one wins.
   * @throws AppError UNAVAILABLE
   */
  async useLink(token: string): Promise<Owner | undefined> {
    this.#copy.assertCurrent();
    const hash = hashOfToken(token);
    const stored = this.#known.links.get(hash);
    if (!stored) return undefined;
    this.#each(({ links }) => links.delete(hash));
    try {
      await this.#bucket.delete(linkEntry(hash), { previousSeq: stored.revision });
    } catch (error) {
      if (isConflict(error)) return undefined;
      this.#each(({ links }) => links.set(hash, stored));
      return orUnavailable(this.#nc, () => Promise.reject(error as Error));
    }
    return stored.record.expiresAt > this.#now() ? stored.record.owner : undefined;
  }

  /** Whether a complete and recent copy of the logins exists. */
  get isCurrent(): boolean {
    return this.#copy.isCurrent;
  }

  /** Resolves when the first complete copy exists, or the directory is closed. */
  ready(): Promise<void> {
    return this.#copy.ready();
  }

  async close(): Promise<void> {
    this.#unlink?.();
    await this.#copy.close();
  }

  /** A person who did not log in with a key may do what their role allows. */
  #memberOf(owner: Owner): Principal | undefined {
    const role = this.#keys.people.roleFor(owner);
    return role && { ...owner, role, scopes: ['admin'], keyId: '' };
  }

  #hasEnded({ endsAt, usedAt }: LoginRecord): boolean {
    const now = this.#now();
    return endsAt <= now || usedAt + this.#limits.idleMs + TOUCHED_EVERY_MS <= now;
  }

  /** Nobody waits for it: a login whose use is not written ends a little earlier. */
  #touch(hash: string, { record, revision }: Stored<LoginRecord>): void {
    const now = this.#now();
    if (now - record.usedAt < TOUCHED_EVERY_MS) return;
    const used = { ...record, usedAt: now };
    // Until the bucket says so, so that concurrent requests write it once.
    this.#each(({ logins }) => logins.set(hash, { record: used, revision }));
    // Exactly this version: a login that ended meanwhile must not come back.
    this.#bucket.update(loginEntry(hash), JSON.stringify(used), revision).catch(() => undefined);
  }

  async #remove(hash: string): Promise<void> {
    await orUnavailable(this.#nc, () => this.#bucket.delete(loginEntry(hash)));
    if (this.#known.logins.has(hash)) this.#ended.add(hash);
    this.#each(({ logins }) => logins.delete(hash));
  }

  async #makeRoom(owner: Owner): Promise<void> {
    await this.#sweep();
    const own = [...this.#known.logins].filter(([, { record }]) => record.owner.userId === owner.userId);
    const oldest = own.sort(([, a], [, b]) => a.record.usedAt - b.record.usedAt);
    for (const [hash] of oldest.slice(0, Math.max(0, own.length - MOST_LOGINS + 1))) await this.#remove(hash);
  }

  /** Removes what has ended. */
  async #sweep(): Promise<void> {
    for (const [hash, { record }] of [...this.#known.logins]) if (this.#hasEnded(record)) await this.#remove(hash);
    for (const [hash, { record }] of [...this.#known.links]) {
      if (record.expiresAt > this.#now()) continue;
      await orUnavailable(this.#nc, () => this.#bucket.delete(linkEntry(hash)));
      this.#each(({ links }) => links.delete(hash));
    }
  }

  #each(change: (records: Records) => void): void {
    for (const records of new Set([this.#known, this.#loading])) change(records);
  }

  #apply(entry: BucketEntry): void {
    const of = hashOfEntry(entry.key);
    if (!of) return;
    const { kind, hash } = of;
    const value = entry.operation === 'PUT' && !entry.isCopied ? valueOf(entry) : undefined;
    if (kind === 'link') {
      const record = linkRecordSchema.safeParse(value).data;
      return this.#each(({ links }) => put(links, hash, record, entry.sequence));
    }
    if (value === undefined) this.#ended.delete(hash);
    else if (this.#ended.has(hash)) return;
    const record = loginRecordSchema.safeParse(value).data;
    this.#each(({ logins }) => put(logins, hash, record, entry.sequence));
  }
}

function isOf({ owner }: LoginRecord, { userId, workspaceId }: Pick<Owner, 'userId'> & Partial<Owner>): boolean {
  return owner.userId === userId && (workspaceId === undefined || owner.workspaceId === workspaceId);
}

/** An invalid record gives no access. */
function put<Record>(
  records: Map<string, Stored<Record>>,
  hash: string,
  record: Record | undefined,
  revision: number,
): void {
  if (record === undefined) records.delete(hash);
  else records.set(hash, { record, revision });
}

function valueOf(entry: BucketEntry): unknown {
  try {
    return entry.json();
  } catch {
    return null;
  }
}
