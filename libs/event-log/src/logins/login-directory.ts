import { newLoginId, type Owner, type Principal, type Scope } from '@opensync/contracts';
import type { KV } from '@nats-io/kv';
import { openBucket } from '../bucket.ts';
import { changeEntry } from '../change-entry.ts';
import { watchBucket, type BucketEntry } from '../bucket-watch.ts';
import type { LogConnection } from '../connection.ts';
import type { KeyDirectory } from '../keys/index.ts';
import { LiveCopy, type LiveCopyOptions } from '../live-copy.ts';
import { LOGIN_BUCKET } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import {
  hashOfEntry,
  hashOfToken,
  invitationEntry,
  invitationSchema,
  linkEntry,
  linkRecordSchema,
  loginEntry,
  loginRecordSchema,
  newToken,
  onceEntry,
  onceSchema,
  type Invitation,
  type LinkRecord,
  type LoginMeans,
  type LoginRecord,
  type Once,
  type Stored,
  type StoredProvider,
} from './records.ts';
import { Tickets } from './tickets.ts';

/** Logins of one person at the same time: one more ends the one that was used least recently. */
const MOST_LOGINS = 20;
/** How often the use of a login is written, at most. */
export const TOUCHED_EVERY_MS = 5 * 60_000;
/** How often the provider of a login that is in use is asked. */
export const CHECK_PERIOD_MS = 10 * 60_000;
/** How long that may take: after it, another process asks. */
const CHECK_TAKES_MS = 2 * 60_000;
/** How long a login stays valid while its provider does not answer. */
const LONGEST_UNCHECKED_MS = 60 * 60_000;
export const LINK_LIFETIME_MS = 15 * 60_000;
/** Between the clocks of two gateways. */
const CLOCKS_DIFFER_MS = 60_000;
/** How long a login may operate the server, from its beginning. */
export const OPERATOR_LOGIN_MS = 12 * 60 * 60_000;

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
  /** Whether it may operate the server, for {@link OPERATOR_LOGIN_MS}. */
  readonly isOperator?: boolean | undefined;
  readonly provider?: StoredProvider | undefined;
}

/** A login whose provider is to be asked whether it still holds there. */
export interface DueLogin {
  readonly hash: string;
  readonly provider: StoredProvider;
}

/** Whom a link logs in. */
export interface LinkedPerson {
  readonly owner: Owner;
  readonly isOperator: boolean;
}

/** A user in a workspace, or in all. */
type Person = Pick<Owner, 'userId'> & Partial<Owner>;

type Records = Map<string, Stored<LoginRecord>>;

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
  #known: Records = new Map();
  /** What a new watch delivers: it replaces the known records once it is complete, so that those which are gone are gone. */
  #loading = this.#known;
  /** Hashes of logins that ended here, until the bucket says so: an earlier change of one may still be on its way. */
  readonly #ended = new Set<string>();
  readonly #copy: LiveCopy<BucketEntry>;
  readonly #unlink: (() => void) | undefined;
  readonly #links: Tickets<LinkRecord>;
  readonly #invitations: Tickets<Invitation>;
  readonly #once: Tickets<Once>;

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
    const now = this.#now;
    this.#links = new Tickets(nc, bucket, { entryOf: linkEntry, now });
    this.#invitations = new Tickets(nc, bucket, { entryOf: invitationEntry, now });
    this.#once = new Tickets(nc, bucket, { entryOf: onceEntry, now });
    const tickets = [this.#links, this.#invitations, this.#once];
    const source = {
      watch: () => watchBucket(nc, LOGIN_BUCKET),
      begin: () => {
        this.#loading = new Map();
        for (const one of tickets) one.begin();
      },
      apply: (entry: BucketEntry) => this.#apply(entry),
      complete: () => {
        this.#known = this.#loading;
        for (const one of tickets) one.complete();
      },
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
    const stored = this.#known.get(hash);
    if (!stored || this.#hasEnded(stored.record)) return undefined;
    const principal = this.#principalOf(stored.record);
    if (principal && isUse) this.#touch(hash, stored);
    return principal;
  }

  /** As {@link authenticate}, for the id of a login. @throws AppError UNAVAILABLE */
  principalOf(loginId: string): Principal | undefined {
    this.#copy.assertCurrent();
    const record = [...this.#known.values()].find(({ record: { id } }) => id === loginId)?.record;
    return record && !this.#hasEnded(record) ? this.#principalOf(record) : undefined;
  }

  #principalOf(record: LoginRecord): Principal | undefined {
    const { id, keyId } = record;
    if (keyId === undefined) {
      const member = this.#memberOf(record);
      return member && { ...member, keyId: id, loginId: id };
    }
    const principal = this.#keys.principalOf(keyId);
    // The key's own id would mix the requests of a person with those of a plugin.
    return principal && { ...principal, keyId: id, loginId: id, loginKeyId: keyId };
  }

  /** The record of a valid login. @throws AppError UNAVAILABLE */
  find(token: string): LoginRecord | undefined {
    this.#copy.assertCurrent();
    const stored = this.#known.get(hashOfToken(token));
    return stored && !this.#hasEnded(stored.record) ? stored.record : undefined;
  }

  /**
   * Resolves with the token of a new login once it is durably stored and valid here. The token is only in the return value.
   * @throws AppError UNAVAILABLE
   */
  async create({
    owner,
    means,
    keyId,
    isOperator,
    provider,
  }: NewLogin): Promise<{ token: string; record: LoginRecord }> {
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
      ...(provider && { provider }),
      ...(isOperator && { operatorUntil: now + OPERATOR_LOGIN_MS }),
      createdAt: now,
      endsAt: now + this.#limits.lifetimeMs,
      usedAt: now,
    };
    const revision = await orUnavailable(this.#nc, () => this.#bucket.create(loginEntry(hash), JSON.stringify(record)));
    this.#each((logins) => logins.set(hash, { record, revision }));
    return { token, record };
  }

  /** Ends a login durably. Resolves with whether it existed. @throws AppError UNAVAILABLE */
  async end(token: string): Promise<boolean> {
    const hash = hashOfToken(token);
    if (!this.#known.has(hash)) return false;
    await this.#remove(hash);
    return true;
  }

  /** Ends the logins of a person, or the one with an id. Resolves with how many. @throws AppError UNAVAILABLE */
  async endOf(owner: Person, id?: string): Promise<number> {
    this.#copy.assertCurrent();
    const found = [...this.#known].filter(
      ([, { record }]) => isOf(record, owner) && (id === undefined || record.id === id),
    );
    for (const [hash] of found) await this.#remove(hash);
    return found.length;
  }

  /** The valid logins of a person, most recently used first. @throws AppError UNAVAILABLE */
  list(owner: Person): LoginRecord[] {
    this.#copy.assertCurrent();
    return [...this.#known.values()]
      .map(({ record }) => record)
      .filter((record) => isOf(record, owner) && !this.#hasEnded(record))
      .sort((a, b) => b.usedAt - a.usedAt);
  }

  /** Marks something as done until `expiresAt`. Resolves with whether it was not yet. @throws AppError UNAVAILABLE */
  claim(what: string, expiresAt: number): Promise<boolean> {
    this.#copy.assertCurrent();
    return this.#once.claim(what, { expiresAt });
  }

  /** Whether something was marked as done. @throws AppError UNAVAILABLE */
  isClaimed(what: string): boolean {
    this.#copy.assertCurrent();
    return this.#once.find(what) !== undefined;
  }

  /** The logins whose provider is to be asked: those that were used since the last time. */
  due(now: number): DueLogin[] {
    return [...this.#known].flatMap(([hash, { record }]) => {
      const { provider, usedAt } = record;
      if (provider?.sealed === undefined || provider.checkAt === undefined || this.#hasEnded(record)) return [];
      const isUsed = usedAt + CHECK_PERIOD_MS + TOUCHED_EVERY_MS >= provider.checkAt;
      return provider.checkAt <= now && isUsed ? [{ hash, provider }] : [];
    });
  }

  /** Resolves with the login if this process is the one that asks; undefined if another one does. @throws AppError UNAVAILABLE */
  async claimCheck({ hash, provider }: DueLogin): Promise<DueLogin | undefined> {
    let isFirst = false;
    const changed = await this.#change(hash, (record) => {
      isFirst = record.provider?.sealed === provider.sealed && record.provider?.checkAt === provider.checkAt;
      return isFirst ? { ...record, provider: { ...provider, checkAt: this.#now() + CHECK_TAKES_MS } } : record;
    });
    return changed?.provider && isFirst ? { hash, provider: changed.provider } : undefined;
  }

  /** Stores what the provider has answered. @throws AppError UNAVAILABLE */
  async checked({ hash }: DueLogin, provider: StoredProvider): Promise<void> {
    await this.#change(hash, (record) => ({ ...record, provider }));
  }

  /** Ends a login that is due. @throws AppError UNAVAILABLE */
  async endHash(hash: string): Promise<void> {
    await this.#remove(hash);
  }

  /** Ends the logins of a login at a provider. @throws AppError UNAVAILABLE */
  async endOfSession(provider: string, session: string): Promise<void> {
    for (const [hash, { record }] of [...this.#known]) {
      if (record.provider?.id === provider && record.provider.session === session) await this.#remove(hash);
    }
  }

  #change(hash: string, change: (record: LoginRecord) => LoginRecord): Promise<LoginRecord | undefined> {
    const wanted = {
      bucketName: LOGIN_BUCKET,
      entry: loginEntry(hash),
      schema: loginRecordSchema,
      change,
      what: 'The logins',
    };
    return orUnavailable(this.#nc, () => changeEntry(this.#nc, this.#bucket, wanted));
  }

  /** Invitations to workspaces. @throws AppError UNAVAILABLE */
  get invitations(): Tickets<Invitation> {
    this.#copy.assertCurrent();
    return this.#invitations;
  }

  /**
   * The token of a link that logs a member in once.
   * @param options.isOperator whether the login may operate the server for a while; default false
   * @throws AppError UNAVAILABLE
   */
  async createLink(
    { workspaceId, userId }: Owner,
    { isOperator = false }: { readonly isOperator?: boolean } = {},
  ): Promise<{ token: string; expiresAt: number }> {
    this.#copy.assertCurrent();
    const expiresAt = this.#now() + LINK_LIFETIME_MS;
    const record: LinkRecord = { owner: { workspaceId, userId }, ...(isOperator && { isOperator }), expiresAt };
    return { token: await this.#links.create(record), expiresAt };
  }

  /**
   * Whom a link logs in; undefined if it is unknown, expired or used. Of several uses at the same time, in any process, one wins.
   * @throws AppError UNAVAILABLE
   */
  async useLink(token: string): Promise<LinkedPerson | undefined> {
    this.#copy.assertCurrent();
    const used = await this.#links.use(token);
    return used && { owner: used.owner, isOperator: used.isOperator ?? false };
  }

  /**
   * Ends everything that logs a person in to a workspace, or to all: also links that nobody has used yet. A membership that
   * begins again must not bring back a login of the former one. @throws AppError UNAVAILABLE
   */
  async forget(person: Person): Promise<void> {
    await this.endOf(person);
    await this.#links.remove((link) => isOf(link, person));
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
  #memberOf({ owner, operatorUntil = 0, createdAt }: LoginRecord): Principal | undefined {
    const role = this.#keys.people.roleFor(owner);
    // Regardless of the record, because gateways write records.
    const until = Math.min(operatorUntil, createdAt + OPERATOR_LOGIN_MS);
    const isOperator = until > this.#now() && createdAt <= this.#now() + CLOCKS_DIFFER_MS;
    const scopes: Scope[] = isOperator ? ['admin', 'operator'] : ['admin'];
    return role && { ...owner, role, scopes, keyId: '' };
  }

  #hasEnded({ endsAt, usedAt, provider }: LoginRecord): boolean {
    const now = this.#now();
    if ((provider?.failingSince ?? now) + LONGEST_UNCHECKED_MS <= now) return true;
    return endsAt <= now || usedAt + this.#limits.idleMs + TOUCHED_EVERY_MS <= now;
  }

  /** Nobody waits for it: a login whose use is not written ends a little earlier. */
  #touch(hash: string, { record, revision }: Stored<LoginRecord>): void {
    const now = this.#now();
    if (now - record.usedAt < TOUCHED_EVERY_MS) return;
    const used = { ...record, usedAt: now };
    // Until the bucket says so, so that concurrent requests write it once.
    this.#each((logins) => logins.set(hash, { record: used, revision }));
    // Exactly this version: a login that ended meanwhile must not come back.
    this.#bucket.update(loginEntry(hash), JSON.stringify(used), revision).catch(() => undefined);
  }

  async #remove(hash: string): Promise<void> {
    await orUnavailable(this.#nc, () => this.#bucket.delete(loginEntry(hash)));
    if (this.#known.has(hash)) this.#ended.add(hash);
    this.#each((logins) => logins.delete(hash));
  }

  async #makeRoom(owner: Owner): Promise<void> {
    await this.#sweep();
    const own = [...this.#known].filter(([, { record }]) => record.owner.userId === owner.userId);
    const oldest = own.sort(([, a], [, b]) => a.record.usedAt - b.record.usedAt);
    for (const [hash] of oldest.slice(0, Math.max(0, own.length - MOST_LOGINS + 1))) await this.#remove(hash);
  }

  /** Removes what has ended. */
  async #sweep(): Promise<void> {
    for (const [hash, { record }] of [...this.#known]) if (this.#hasEnded(record)) await this.#remove(hash);
    await this.#links.sweep();
  }

  #each(change: (records: Records) => void): void {
    for (const records of new Set([this.#known, this.#loading])) change(records);
  }

  #apply(entry: BucketEntry): void {
    const of = hashOfEntry(entry.key);
    if (!of) return;
    const { kind, hash } = of;
    const value = entry.operation === 'PUT' && !entry.isCopied ? valueOf(entry) : undefined;
    if (kind === 'link') return this.#links.apply(hash, linkRecordSchema.safeParse(value).data, entry.sequence);
    if (kind === 'invitation') {
      return this.#invitations.apply(hash, invitationSchema.safeParse(value).data, entry.sequence);
    }
    if (kind === 'once') return this.#once.apply(hash, onceSchema.safeParse(value).data, entry.sequence);
    if (value === undefined) this.#ended.delete(hash);
    else if (this.#ended.has(hash)) return;
    const record = loginRecordSchema.safeParse(value).data;
    this.#each((logins) => put(logins, hash, record, entry.sequence));
  }
}

function isOf({ owner }: { readonly owner: Owner }, { userId, workspaceId }: Person): boolean {
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
