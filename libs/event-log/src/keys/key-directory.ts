import {
  DEFAULT_SCOPES,
  newKeyId,
  newUserId,
  newWorkspaceId,
  ownerKey,
  PositionCodec,
  sharesDerivedIds,
  userIdOf,
  workspaceIdOf,
  type Owner,
  type Principal,
  type Scope,
} from '@opensync/contracts';
import { type ConfigError } from '@opensync/platform';
import type { KV } from '@nats-io/kv';
import type { LogConnection } from '../connection.ts';
import { openBucket } from '../bucket.ts';
import { watchBucket, type BucketEntry } from '../bucket-watch.ts';
import { LiveCopy, type LiveCopyOptions } from '../live-copy.ts';
import { draft, provideMember, userOf } from '../people/decisions.ts';
import { hasEvents, PeopleDirectory } from '../people/people-directory.ts';
import { DEFAULT_WORKSPACE, type FormerOwner } from '../people/people.ts';
import { KEY_BUCKET } from '../topology/names.ts';
import { orUnavailable, unavailable } from '../unavailable.ts';
import { createOrGet } from './entries.ts';
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
  type ApiKeyRecord,
  type SecretEntry,
} from './records.ts';
import { agreeOnSecret, otherSecret, secretEntryOf, storedSecret } from './secret.ts';

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

export interface KeyDirectoryOptions extends LiveCopyOptions {
  readonly secret?: string | undefined;
  /** Another process stores the secret and the first key; default false. */
  readonly isReader?: boolean;
}

/**
 * The API keys, as records under a keyed hash in a watched KV bucket: every gateway holds them in memory and receives
 * changes at once. Until the first complete copy of keys and users exists, nobody gets access, nor after it could not
 * be compared with the log for a while: see {@link LiveCopy}.
 */
export class KeyDirectory {
  /** The owners of the keys. */
  readonly people: PeopleDirectory;
  /** Sequences as clients see them, under keys that are derived from the secret. */
  readonly positions = new PositionCodec(() => this.#secrets);
  readonly #nc: LogConnection;
  readonly #bucket: KV;
  readonly #isReader: boolean;
  /** The secret for new keys, followed by those of known keys from before the log was emptied. */
  readonly #secrets: [string, ...string[]];
  #secretEntry: SecretEntry;
  readonly #records = new Map<string, ApiKeyRecord>();
  readonly #byId = new Map<string, ApiKeyRecord>();
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
   * the workspace. The lookup is by keyed hash, so its duration reveals nothing about the keys.
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
    const record = this.#byId.get(keyId);
    return record && this.#principalOf(record);
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
    for (const secret of this.#secrets) {
      const record = this.#records.get(hashOf(key, secret));
      if (record) return record;
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
   * user who was removed from the workspace
   */
  async create(wanted: NewApiKey): Promise<{ key: string; record: ApiKeyRecord }> {
    const key = wanted.key ?? newKey();
    // Other processes know the key only under the log's current secret.
    await orUnavailable(this.#nc, () => this.#agree());
    const known = wanted.key === undefined ? undefined : this.find(key);
    if (known) return { key, record: known };
    const hash = hashOf(key, this.#secrets[0]!);
    const former = wanted.isFirst ? this.#ownerOfFirstKey(wanted.email) : undefined;
    const record: ApiKeyRecord = {
      id: newKeyId(),
      prefix: hintOf(key),
      name: wanted.name,
      email: wanted.email,
      owner: former ?? (await this.#provideOwner(wanted)),
      scopes: [...(wanted.scopes ?? DEFAULT_SCOPES)],
      createdAt: Date.now(),
      ...(wanted.expiresAt !== undefined && { expiresAt: wanted.expiresAt }),
      ...(!former && { isOwnerOnLog: true }),
    };
    if (!former) {
      const { id: keyId, owner, name, scopes, expiresAt } = record;
      const facts = { keyId, ...owner, name, scopes, ...(expiresAt !== undefined && { expiresAt }) };
      // The log first: the bucket must never have a key that is missing in the log.
      await this.people.record(draft('dev.opensync.apikey.created.v1', owner, facts));
    }
    const stored = await orUnavailable(this.#nc, () => createOrGet(this.#bucket, entryOf(hash), record));
    const kept = apiKeyRecordSchema.parse(stored);
    this.#set(hash, kept);
    return { key, record: kept };
  }

  /** All records, oldest first, including revoked and expired ones. @throws AppError UNAVAILABLE */
  list(): ApiKeyRecord[] {
    this.#assertCurrent();
    return inOrder(this.#records.values());
  }

  /** Number of keys ever created. @throws AppError UNAVAILABLE */
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
    const found = [...this.#records].find(([, record]) => record.id === id);
    if (!found) return undefined;
    const [hash, record] = found;
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
    return this.list().filter(
      ({ revokedAt, owner }) =>
        revokedAt === undefined &&
        owner.userId === userId &&
        (workspaceId === undefined || owner.workspaceId === workspaceId),
    );
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

  /** The user with an e-mail address as a member of a workspace; creates what is missing. */
  async #provideOwner({ email, workspace = workspaceIdOf(DEFAULT_WORKSPACE) }: NewApiKey): Promise<Owner> {
    const { people } = this;
    const ids = {
      workspaceId: await this.#newWorkspaceId(workspace),
      userId: newUserId(),
    };
    const workspaceId = people.current().findWorkspace(workspace)?.workspaceId ?? ids.workspaceId;
    if (!people.current().findUser(email, workspaceId)) ids.userId = await this.newUserId(email, workspaceId);
    await people.change(provideMember(email, workspace, ids));
    const found = people.people.findWorkspace(workspace)!;
    return { workspaceId: found.workspaceId, userId: userOf(people.people, email, found.workspaceId).userId };
  }

  /**
   * The id for a new user with an address: random, unless the log has sessions under the id that earlier versions
   * derived from it. The user's keys were then left out of an import, or the bucket was lost.
   * @throws AppError UNAVAILABLE
   */
  async newUserId(email: string, workspaceId: string): Promise<string> {
    const former = { workspaceId, userId: userIdOf(workspaceId, email) };
    const isFree = !sharesDerivedIds(email) && !this.people.current().knows(former.userId);
    return isFree && (await hasEvents(this.#nc, former)) ? former.userId : newUserId();
  }

  /** As {@link newUserId}: the id that earlier versions derived from the name, if the log has events for it. */
  async #newWorkspaceId(name: string): Promise<string> {
    const workspaceId = workspaceIdOf(name);
    const isKnown = this.people.current().findWorkspace(workspaceId) !== undefined;
    return !isKnown && (await hasEvents(this.#nc, { workspaceId, userId: '*' })) ? workspaceId : newWorkspaceId();
  }

  /** Undefined if events contradict the address, or its id would be another's: then it is an ordinary key. */
  #ownerOfFirstKey(email: string): Owner | undefined {
    const people = this.people.current();
    const workspaceId = workspaceIdOf(DEFAULT_WORKSPACE);
    const user = people.findUser(email, workspaceId);
    if (!user && sharesDerivedIds(email)) return undefined;
    const owner = { workspaceId, userId: user?.userId ?? userIdOf(workspaceId, email) };
    return people.roleOf(owner) !== undefined || !people.knows(owner.userId) ? owner : undefined;
  }

  #formerOwners(): ReadonlyMap<string, FormerOwner> {
    const now = Date.now();
    if (!this.#owners || this.#ownersUntil <= now) {
      const records = inOrder(this.#records.values()).filter(({ isOwnerOnLog }) => !isOwnerOnLog);
      this.#owners = ownersOf(records);
      this.#ownersUntil = Math.min(
        ...records.map(({ expiresAt = Infinity }) => (expiresAt > now ? expiresAt : Infinity)),
      );
    }
    return this.#owners;
  }

  #set(hash: string, record: ApiKeyRecord | undefined): void {
    const former = this.#records.get(hash);
    if (former) this.#byId.delete(former.id);
    if (record) this.#byId.set(record.id, record);
    if (record) this.#records.set(hash, record);
    else this.#records.delete(hash);
    this.#owners = undefined;
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

  #apply(entry: BucketEntry): void {
    const hash = hashOfEntry(entry.key);
    if (hash === undefined) return;
    this.#set(hash, entry.operation === 'PUT' && !entry.isCopied ? parseRecord(entry) : undefined);
  }
}

/** Oldest first. */
function inOrder(records: Iterable<ApiKeyRecord>): ApiKeyRecord[] {
  return [...records].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}

/**
 * The owners of keys, with the roles of their valid keys. An e-mail address may have changed since: the first key
 * decides.
 */
function ownersOf(records: readonly ApiKeyRecord[]): ReadonlyMap<string, FormerOwner> {
  const owners = new Map<string, FormerOwner>();
  for (const record of records) {
    const { owner, email } = record;
    const former = owners.get(ownerKey(owner));
    const isValid = record.revokedAt === undefined && !isExpired(record);
    const isAdmin = former?.isAdmin || (isValid && record.scopes.includes('admin'));
    owners.set(ownerKey(owner), { owner, email: former?.email ?? email, isAdmin });
  }
  return owners;
}

/** An invalid record grants no access. */
function parseRecord(entry: BucketEntry): ApiKeyRecord | undefined {
  try {
    return apiKeyRecordSchema.parse(entry.json());
  } catch {
    return undefined;
  }
}
