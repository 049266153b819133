import { hkdfSync } from 'node:crypto';
import {
  DEFAULT_SCOPES,
  OPERATOR_KEY_MS,
  newKeyId,
  PositionCodec,
  type Owner,
  type Principal,
  type Scope,
} from '@opensync/contracts';
import { AppError, type ConfigError } from '@opensync/platform';
import type { KV } from '@nats-io/kv';
import type { LogConnection } from '../connection.ts';
import { ErasureBook } from '../erasure/records.ts';
import { openBucket } from '../bucket.ts';
import { changeEntry } from '../change-entry.ts';
import { watchBucket, type BucketEntry } from '../bucket-watch.ts';
import { LiveCopy, type LiveCopyOptions } from '../live-copy.ts';
import { draft } from '../people/decisions.ts';
import { PeopleDirectory } from '../people/people-directory.ts';
import type { FormerOwner } from '../people/people.ts';
import { KEY_BUCKET } from '../topology/names.ts';
import { orUnavailable, unavailable } from '../unavailable.ts';
import { createOrGet } from './entries.ts';
import { ownerOfFirstKey, ownersOf } from './former-owners.ts';
import { inOrder, KeyIndex } from './key-index.ts';
import {
  apiKeyRecordSchema,
  entryOf,
  fingerprintOf,
  hashOf,
  hashOfEntry,
  hintOf,
  isExpired,
  newKey,
  secretEntrySchema,
  USE_WRITTEN_EVERY_MS,
  type ApiKeyRecord,
  type SecretEntry,
} from './records.ts';
import { agreeOnSecret, otherSecret, secretEntryOf, storedSecret } from './secret.ts';

/** Between reading the clock for an expiry and checking it. */
const CLOCKS_DIFFER_MS = 60_000;

const DERIVED_BYTES = 32;

export interface NewApiKey {
  /** The first key of an installation: see {@link KeyDirectory.create}. */
  readonly isFirst?: boolean;
  /** The owner of the key; a new e-mail address creates a user. */
  readonly email: string;
  /**
   * Name or id; a new name creates a workspace. Default: the workspace that every installation starts with, whatever
   * its current name.
   */
  readonly workspace?: string;
  readonly name: string;
  /** Default `ingest` and `read`. */
  readonly scopes?: readonly Scope[];
  /** A given key instead of a random one. */
  readonly key?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
}

/** A key for a member who is known. */
export interface MemberKey {
  readonly owner: Owner;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number | undefined;
}

export interface KeyDirectoryOptions extends LiveCopyOptions {
  readonly secret?: string | undefined;
  /** Another process stores the secret and the first key; default false. */
  readonly isReader?: boolean;
}

/** Hashes that are remembered, about 200 bytes each. */
const MOST_HASHES = 10_000;

/**
 * The API keys, as records under a keyed hash in a watched KV bucket: every gateway holds them in memory and receives
 * changes at once. Until the first complete copy of keys and users exists, nobody gets access, nor after it could not
 * be compared with the log for a while: see {@link LiveCopy}.
 */
export class KeyDirectory {
  /** The owners of the keys. */
  readonly people: PeopleDirectory;
  /** Those whose owners are being erased. */
  readonly erasures: ErasureBook;
  /** Sequences as clients see them, under keys that are derived from the secret. */
  readonly positions = new PositionCodec(() => this.#secrets);
  readonly #nc: LogConnection;
  readonly #bucket: KV;
  readonly #isReader: boolean;
  /** The secret for new keys, followed by those of known keys from before the log was emptied. */
  readonly #secrets: [string, ...string[]];
  #secretEntry: SecretEntry;
  readonly #records = new KeyIndex();
  /**
   * The hashes of stored keys that were used lately: plugins send the same key with each event, and hashing it takes longer than all
   * else that authentication does. Only the records decide; guesses are never kept.
   */
  readonly #hashes = new Map<string, string>();
  /** Derived from the records; recomputed after each change of them. */
  #owners: ReadonlyMap<string, FormerOwner> | undefined;
  /** When the next of those keys expires; milliseconds since the epoch. */
  #ownersUntil = Infinity;
  readonly #copy: LiveCopy<BucketEntry>;
  readonly #unlink: (() => void) | undefined;
  /** Why nobody gets access although a copy of the keys exists. */
  #problem: ConfigError | undefined;

  /**
   * Resolves when the bucket can be used; `authenticate` may still have to wait for the first copy.
   * @throws ConfigError if the stored keys were hashed with another secret; AppError UNAVAILABLE
   */
  static async open(nc: LogConnection, options: KeyDirectoryOptions = {}): Promise<KeyDirectory> {
    const { secret, isReader = false } = options;
    const bucket = await orUnavailable(nc, () => openBucket(nc, KEY_BUCKET));
    const agreed = await agreeOnSecret(nc, bucket, secret, isReader);
    return new KeyDirectory(
      nc,
      bucket,
      { ...options, secret: agreed },
      secretEntryOf(agreed, { configured: secret !== undefined }),
    );
  }

  private constructor(
    nc: LogConnection,
    bucket: KV,
    { secret, isReader = false, ...options }: KeyDirectoryOptions & { readonly secret: string },
    secretEntry: SecretEntry,
  ) {
    this.#nc = nc;
    this.erasures = new ErasureBook(nc);
    this.#bucket = bucket;
    this.#isReader = isReader;
    this.#secrets = [secret];
    this.#secretEntry = secretEntry;
    const source = {
      prepare: () => this.#agree(),
      watch: () => watchBucket(nc, KEY_BUCKET),
      apply: (entry: BucketEntry) => this.#apply(entry),
      last: async () => (await bucket.status()).streamInfo.state.last_seq,
    };
    this.#copy = new LiveCopy(nc, 'API keys', source, options);
    this.#unlink = nc.topology?.onReplaced(KEY_BUCKET, () => this.#copy.restart());
    this.people = new PeopleDirectory(nc, () => this.#formerOwners(), options);
  }

  /**
   * The principal of a key; undefined if the key is unknown, revoked or expired, or its user is no longer a member of
   * the workspace. The lookup is by keyed hash, so its duration reveals nothing about the keys; where the hash of a key is remembered,
   * a map finds it, which compares strings only if their seeded hashes agree.
   * @throws AppError UNAVAILABLE while no complete and recent copy of the keys exists: ignorance is no reason to tell
   * a plugin that its key is wrong
   */
  async authenticate(token: string): Promise<Principal | undefined> {
    const record = this.find(token);
    return record && this.#principalOf(record);
  }

  /** As {@link authenticate}, for the id of a key. @throws AppError UNAVAILABLE */
  principalOf(keyId: string): Principal | undefined {
    this.#assertCurrent();
    const record = this.#records.byId(keyId)?.record;
    return record && this.#principalOf(record);
  }

  /** The record of a key with this id, even if revoked or expired. @throws AppError UNAVAILABLE */
  record(keyId: string): ApiKeyRecord | undefined {
    this.#assertCurrent();
    return this.#records.byId(keyId)?.record;
  }

  #principalOf(record: ApiKeyRecord): Principal | undefined {
    if (record.revokedAt !== undefined || isExpired(record)) return undefined;
    const role = this.people.roleFor(record.owner);
    const { workspaceId, userId } = record.owner;
    return role && { workspaceId, userId, role, scopes: record.scopes, keyId: record.id, keyHint: record.prefix };
  }

  /** The record of a key, even if revoked or expired. @throws AppError UNAVAILABLE */
  find(key: string): ApiKeyRecord | undefined {
    this.#assertCurrent();
    const remembered = this.#hashes.get(key);
    const known = remembered === undefined ? undefined : this.#records.get(remembered);
    if (known) return known;
    for (const secret of this.#secrets) {
      const hash = hashOf(key, secret);
      const record = this.#records.get(hash);
      if (!record) continue;
      if (this.#hashes.size >= MOST_HASHES) this.#hashes.clear();
      this.#hashes.set(key, hash);
      return record;
    }
    return undefined;
  }

  /**
   * Resolves once the key is durably stored and valid here; other gateways receive it within moments. A given key
   * that is already stored keeps its record. The key is only in the return value.
   * The first key is only in the bucket, and identifies its owner as keys of earlier versions do, by the id derived
   * from the address. A lost log must stay empty until a projector has compared it with the stores, and this way the
   * holder of the first key still finds the sessions in the stores. The first command about this owner writes the
   * remaining facts as events.
   * @throws AppError UNAVAILABLE, also if another process has stored an unknown secret in the log; CONFLICT for a
   * user who was removed from the workspace; INVALID_REQUEST for a key of an operator that lasts too long
   */
  async create(wanted: NewApiKey): Promise<{ key: string; record: ApiKeyRecord }> {
    assertExpires(wanted);
    const key = wanted.key ?? newKey();
    // Other processes know the key only under the log's current secret.
    await orUnavailable(this.#nc, () => this.#agree());
    const known = wanted.key === undefined ? undefined : this.find(key);
    if (known) return { key, record: known };
    const hash = hashOf(key, this.#secrets[0]!);
    const former = wanted.isFirst ? ownerOfFirstKey(this.people.current(), wanted.email) : undefined;
    const record: ApiKeyRecord = {
      id: newKeyId(),
      prefix: hintOf(key),
      name: wanted.name,
      email: wanted.email,
      owner: former ?? (await this.people.provide(wanted.email, wanted.workspace)),
      scopes: [...(wanted.scopes ?? DEFAULT_SCOPES)],
      createdAt: Date.now(),
      ...(wanted.expiresAt !== undefined && { expiresAt: wanted.expiresAt }),
      ...(!former && { isOwnerOnLog: true }),
    };
    if (!former) await this.#announce(record);
    return { key, record: await this.#keep(hash, record) };
  }

  /**
   * As {@link create}, for a member. The key is random, and only in the return value.
   * @throws AppError UNAVAILABLE, NOT_FOUND if the owner is no member
   */
  async createFor({ owner, name, scopes, expiresAt }: MemberKey): Promise<{ key: string; record: ApiKeyRecord }> {
    await orUnavailable(this.#nc, () => this.#agree());
    if (this.people.roleFor(owner) === undefined) throw new AppError('NOT_FOUND', 'This user is not a member');
    const { workspaceId, userId } = owner;
    const key = newKey();
    const record: ApiKeyRecord = {
      ...{ id: newKeyId(), prefix: hintOf(key), name, email: this.people.people.user(userId)?.email ?? '' },
      ...{ owner: { workspaceId, userId }, scopes: [...scopes], createdAt: Date.now(), isOwnerOnLog: true },
      ...(expiresAt !== undefined && { expiresAt }),
    };
    await this.#announce(record);
    return { key, record: await this.#keep(hashOf(key, this.#secrets[0]!), record) };
  }

  /** The log first: the bucket must never have a key that is missing in the log. */
  async #announce({ id: keyId, owner, name, scopes, expiresAt }: ApiKeyRecord): Promise<void> {
    const facts = { keyId, ...owner, name, scopes, ...(expiresAt !== undefined && { expiresAt }) };
    await this.people.record(draft('dev.opensync.apikey.created.v1', owner, facts));
  }

  async #keep(hash: string, record: ApiKeyRecord): Promise<ApiKeyRecord> {
    const stored = await orUnavailable(this.#nc, () => createOrGet(this.#bucket, entryOf(hash), record));
    const kept = apiKeyRecordSchema.parse(stored);
    this.#set(hash, kept);
    return kept;
  }

  /**
   * Lets a key that another one replaces expire at `endsAt`, or when it would have anyway. Resolves with its record; undefined for
   * an unknown id. @throws AppError UNAVAILABLE
   */
  async replace(id: string, { by, endsAt }: { readonly by: string; readonly endsAt: number }) {
    return this.#change(id, (record) => ({
      ...record,
      expiresAt: Math.min(record.expiresAt ?? Infinity, endsAt),
      replacedBy: by,
    }));
  }

  /** Records that a key was used, unless the record is that recent already. @throws AppError UNAVAILABLE */
  async used(id: string, at: number): Promise<void> {
    const isRecent = ({ usedAt = -Infinity }: ApiKeyRecord) => at - usedAt < USE_WRITTEN_EVERY_MS;
    const known = this.#records.byId(id)?.record;
    if (!known || isRecent(known)) return;
    await this.#change(id, (record) => (isRecent(record) ? record : { ...record, usedAt: at }));
  }

  async #change(id: string, change: (record: ApiKeyRecord) => ApiKeyRecord): Promise<ApiKeyRecord | undefined> {
    this.#assertCurrent();
    const hash = this.#records.byId(id)?.hash;
    if (hash === undefined) return undefined;
    // The watch delivers the change: what it may have delivered since, such as a revocation, must not be replaced.
    const wanted = {
      bucketName: KEY_BUCKET,
      entry: entryOf(hash),
      schema: apiKeyRecordSchema,
      change,
      what: 'The API keys',
    };
    return orUnavailable(this.#nc, () => changeEntry(this.#nc, this.#bucket, wanted));
  }

  /** 256 bits for another purpose, the same in all processes that have the secret of the keys. */
  derivedSecret(purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#secrets[0], '', `opensync ${purpose}`, DERIVED_BYTES));
  }

  /** All records, oldest first, including revoked and expired ones. @throws AppError UNAVAILABLE */
  list(): ApiKeyRecord[] {
    this.#assertCurrent();
    return inOrder(this.#records.all());
  }

  /**
   * Those of a user in a workspace, of a user in all, or of a workspace; oldest first. @throws AppError UNAVAILABLE
   */
  listOf(owner: Partial<Owner>): ApiKeyRecord[] {
    this.#assertCurrent();
    return this.#records.of(owner);
  }

  /** Number of keys that are known, also revoked ones. @throws AppError UNAVAILABLE */
  count(): number {
    this.#assertCurrent();
    return this.#records.size;
  }

  /**
   * Resolves with the record once the revocation is durably stored and valid here; undefined for an unknown id. The
   * bucket is written first: a leaked key must lose its access even while the log rejects events. Repeating it writes
   * a missing event.
   * @throws AppError UNAVAILABLE, also if the key is revoked but the log has not recorded it yet
   */
  async revoke(id: string): Promise<ApiKeyRecord | undefined> {
    this.#assertCurrent();
    const found = this.#records.byId(id);
    if (!found) return undefined;
    const { hash, record } = found;
    if (record.revokedAt !== undefined && record.isRevocationOnLog) return record;
    const revoked = { ...record, revokedAt: record.revokedAt ?? Date.now() };
    if (record.revokedAt === undefined) await this.#store(hash, revoked);
    await this.people.record(draft('dev.opensync.apikey.revoked.v1', record.owner, { keyId: id, ...record.owner }));
    const recorded: ApiKeyRecord = { ...revoked, isRevocationOnLog: true };
    await this.#store(hash, recorded);
    return recorded;
  }

  async #store(hash: string, record: ApiKeyRecord): Promise<void> {
    await orUnavailable(this.#nc, () => this.#bucket.put(entryOf(hash), JSON.stringify(record)));
    this.#set(hash, record);
  }

  /** The keys of a user in a workspace, or in all, that are not revoked. @throws AppError UNAVAILABLE */
  validKeysOf({ workspaceId, userId }: Pick<Owner, 'userId'> & Partial<Owner>): ApiKeyRecord[] {
    const owner = workspaceId === undefined ? { userId } : { workspaceId, userId };
    return this.listOf(owner).filter(({ revokedAt }) => revokedAt === undefined);
  }

  /**
   * Removes what the bucket has of a key that is revoked or has expired; the log keeps its events. The bucket remembers that the
   * entry was removed, so that an import does not bring the key back. @throws AppError UNAVAILABLE
   */
  async forget(id: string): Promise<void> {
    this.#assertCurrent();
    const found = this.#records.byId(id);
    if (!found) return;
    const { hash, record } = found;
    if (record.revokedAt === undefined && !isExpired(record)) return;
    // The log has it first: it may be the only one that knows that the key was revoked.
    if (record.revokedAt !== undefined && !record.isRevocationOnLog) await this.revoke(id);
    await orUnavailable(this.#nc, () => this.#bucket.delete(entryOf(hash)));
    this.#set(hash, undefined);
  }

  /** Resolves with the number of revoked keys. @throws AppError UNAVAILABLE */
  async revokeAll(records: readonly ApiKeyRecord[]): Promise<number> {
    for (const { id } of records) await this.revoke(id);
    return records.length;
  }

  /** Whether a complete and recent copy of keys and users exists to check requests against. */
  get isCurrent(): boolean {
    return !this.#problem && this.#copy.isCurrent && this.people.isCurrent;
  }

  /** Resolves when the first complete copy of keys and users exists, or the directory is closed. */
  async ready(): Promise<void> {
    await Promise.all([this.#copy.ready(), this.people.ready()]);
  }

  async close(): Promise<void> {
    this.#unlink?.();
    await Promise.all([this.#copy.close(), this.people.close()]);
  }

  #assertCurrent(): void {
    if (this.#problem) throw unavailable(this.#problem);
    this.#copy.assertCurrent();
  }

  #formerOwners(): ReadonlyMap<string, FormerOwner> {
    const now = Date.now();
    if (!this.#owners || this.#ownersUntil <= now) {
      const records = inOrder(this.#records.all()).filter(({ isOwnerOnLog }) => !isOwnerOnLog);
      this.#owners = ownersOf(records);
      this.#ownersUntil = Math.min(
        ...records.map(({ expiresAt = Infinity }) => (expiresAt > now ? expiresAt : Infinity)),
      );
    }
    return this.#owners;
  }

  #set(hash: string, record: ApiKeyRecord | undefined): void {
    const former = this.#records.get(hash);
    this.#records.set(hash, record);
    // Only these records name owners, and almost none are like that: the others change all the time.
    const names = (one: ApiKeyRecord | undefined) => one !== undefined && !one.isOwnerOnLog;
    if (names(former) || names(record)) this.#owners = undefined;
  }

  /**
   * Ensures that the log has the secret: this process would not recognise keys that others create with a new one. If
   * the log was emptied and another process stored its secret first, that secret is adopted, and known keys stay
   * valid.
   * @throws ConfigError if the other secret is unknown here, or differs from the configured one
   */
  async #agree(): Promise<void> {
    const stored = secretEntrySchema.parse(
      await storedSecret(this.#nc, this.#bucket, this.#secretEntry, this.#isReader),
    );
    this.#problem = undefined;
    if (stored.fingerprint === fingerprintOf(this.#secrets[0]!)) return;
    const isConfigured = this.#secretEntry.secret === undefined;
    if (isConfigured || stored.secret === undefined) throw (this.#problem = otherSecret());
    this.#secretEntry = stored;
    this.#secrets.unshift(stored.secret);
  }

  /** A copied message in place of a known key changes nothing: a process that may write the bucket restores the record. */
  #restore(hash: string, revision: number): void {
    const record = this.#records.get(hash);
    if (this.#isReader || !record) return;
    // Exactly in its place: what was written after it counts. If it fails, the next start of the copy tries again.
    this.#bucket.update(entryOf(hash), JSON.stringify(record), revision).catch(() => undefined);
  }

  #apply(entry: BucketEntry): void {
    const hash = hashOfEntry(entry.key);
    if (hash === undefined) return;
    if (entry.isCopied && this.#records.get(hash)) return this.#restore(hash, entry.sequence);
    this.#set(hash, entry.operation === 'PUT' && !entry.isCopied ? parseRecord(entry) : undefined);
  }
}

/** Operating the server is for a purpose, and for a time. */
function assertExpires({ scopes = [], expiresAt = Infinity }: NewApiKey): void {
  if (!scopes.includes('operator') || expiresAt <= Date.now() + OPERATOR_KEY_MS + CLOCKS_DIFFER_MS) return;
  throw new AppError('INVALID_REQUEST', 'A key with the scope operator must expire within 30 days; add --expires 8h');
}

/** An invalid record grants no access. */
function parseRecord(entry: BucketEntry): ApiKeyRecord | undefined {
  try {
    return apiKeyRecordSchema.parse(entry.json());
  } catch {
    return undefined;
  }
}
