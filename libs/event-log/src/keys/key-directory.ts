import { setTimeout as delay } from 'node:timers/promises';
import { newKeyId, userIdOf, workspaceIdOf, type Principal, type Scope } from '@opensync/contracts';
import { type ConfigError } from '@opensync/platform';
import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { openBucket } from '../bucket.ts';
import { watchBucket, type BucketEntry, type BucketWatch } from '../bucket-watch.ts';
import { Link } from '../connection.ts';
import { KEY_BUCKET } from '../topology/names.ts';
import { Topology } from '../topology/topology.ts';
import { orUnavailable, unavailable } from '../unavailable.ts';
import { createOrGet } from './entries.ts';
import {
  apiKeyRecordSchema,
  entryOf,
  fingerprintOf,
  hashOf,
  hashOfEntry,
  isExpired,
  newKey,
  prefixOf,
  SECRET_ENTRY,
  secretEntrySchema,
  type ApiKeyRecord,
  type SecretEntry,
} from './records.ts';
import { agreeOnSecret, otherSecret, secretEntryOf } from './secret.ts';

export interface NewApiKey {
  /** Whose key it is; an e-mail that is new to the workspace is a new owner. */
  readonly email: string;
  /** Default `default`. */
  readonly workspace?: string;
  readonly name: string;
  /** Default `ingest` and `read`. */
  readonly scopes?: readonly Scope[];
  /** A given key instead of a random one. */
  readonly key?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
}

export interface KeyDirectoryOptions {
  readonly secret?: string | undefined;
  /** For tests: the time, in milliseconds. */
  readonly now?: () => number;
  /** For tests: how often the copy is compared with the bucket; milliseconds. */
  readonly confirmEveryMs?: number;
}

const RETRY_MS = 250;
const CONFIRM_EVERY_MS = 15_000;
/**
 * How long a copy counts that cannot be compared with the bucket. Reads go on while the log is away for as long as a restart of it
 * takes; but who cuts off a gateway from the log must not keep a key valid that was revoked meanwhile.
 */
export const LONGEST_UNCONFIRMED_MS = 5 * 60_000;

/**
 * The API keys, as records under a keyed hash in a watched KV bucket: every gateway has them in memory and hears
 * of a new or revoked key at once. Until the first complete copy is there nobody is let in, nor after it could not be
 * compared with the bucket for {@link LONGEST_UNCONFIRMED_MS}.
 */
export class KeyDirectory {
  readonly #nc: NatsConnection;
  readonly #bucket: KV;
  /** The one that keys are made with, then those that known keys were made with before the log was emptied. */
  readonly #secrets: string[];
  #secretEntry: SecretEntry;
  readonly #records = new Map<string, ApiKeyRecord>();
  readonly #link: Link;
  readonly #unlink: readonly ((() => void) | undefined)[];
  #restarts = 0;
  /** Why nobody is let in although there is a copy of the keys. */
  #problem: ConfigError | undefined;
  #watch: BucketWatch | undefined;
  readonly #now: () => number;
  /** When the copy had all that was in the bucket. */
  #currentAt = -Infinity;
  /** The last that the watch brought. */
  #revision = 0;
  #loading = true;
  readonly #ready = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  readonly #following: Promise<void>;

  /**
   * Resolves when the bucket can be used; `authenticate` may still have to wait for the first copy.
   * @throws ConfigError when the stored keys were hashed with another secret; AppError UNAVAILABLE
   */
  static async open(nc: NatsConnection, options: KeyDirectoryOptions = {}): Promise<KeyDirectory> {
    const { secret } = options;
    const bucket = await orUnavailable(nc, () => openBucket(nc, KEY_BUCKET));
    const agreed = await agreeOnSecret(nc, bucket, secret);
    return new KeyDirectory(
      nc,
      bucket,
      { ...options, secret: agreed },
      secretEntryOf(agreed, { configured: secret !== undefined }),
    );
  }

  private constructor(
    nc: NatsConnection,
    bucket: KV,
    { secret, now = Date.now, confirmEveryMs = CONFIRM_EVERY_MS }: KeyDirectoryOptions & { readonly secret: string },
    secretEntry: SecretEntry,
  ) {
    this.#nc = nc;
    this.#bucket = bucket;
    this.#secrets = [secret];
    this.#secretEntry = secretEntry;
    this.#now = now;
    this.#link = Link.of(nc);
    // After a reconnect the server may know nothing of the watch any more: begin a new one.
    const restart = () => {
      this.#restarts++;
      this.#watch?.stop();
    };
    this.#unlink = [this.#link.onChange(restart), Topology.of(nc)?.onReplaced(KEY_BUCKET, restart)];
    this.#following = this.#follow();
    void this.#confirm(confirmEveryMs);
  }

  /**
   * Who a key stands for; undefined where it is unknown, expired or revoked. The lookup is by keyed hash, so how
   * long it takes says nothing about the keys.
   * @throws AppError UNAVAILABLE while there is no copy of the keys that is complete and recent enough: what is not known is no
   *   reason to tell a plugin that its key is wrong
   */
  async authenticate(token: string): Promise<Principal | undefined> {
    const record = this.find(token);
    if (!record || record.revokedAt !== undefined || isExpired(record)) return undefined;
    const role = record.scopes.includes('admin') ? 'owner' : 'member';
    return { ...record.owner, role, scopes: record.scopes, keyId: record.id };
  }

  /** The record of a key, revoked and expired ones too. @throws AppError UNAVAILABLE */
  find(key: string): ApiKeyRecord | undefined {
    this.#assertCurrent();
    for (const secret of this.#secrets) {
      const record = this.#records.get(hashOf(key, secret));
      if (record) return record;
    }
    return undefined;
  }

  /**
   * Resolves once the key is durably stored and valid here; others hear of it within moments. A given key that is
   * stored already keeps its record. The key is in the answer and nowhere else.
   * @throws AppError UNAVAILABLE, also where others have put another secret on the log, which is not known here
   */
  async create(wanted: NewApiKey): Promise<{ key: string; record: ApiKeyRecord }> {
    const key = wanted.key ?? newKey();
    const workspaceId = workspaceIdOf(wanted.workspace ?? 'default');
    const record: ApiKeyRecord = {
      id: newKeyId(),
      prefix: prefixOf(key),
      name: wanted.name,
      email: wanted.email,
      owner: { workspaceId, userId: userIdOf(workspaceId, wanted.email) },
      scopes: [...(wanted.scopes ?? (['ingest', 'read'] as const))],
      createdAt: Date.now(),
      ...(wanted.expiresAt !== undefined && { expiresAt: wanted.expiresAt }),
    };
    // Others know the key only by the secret that is on the log now.
    await orUnavailable(this.#nc, () => this.#agree());
    const hash = hashOf(key, this.#secrets[0]!);
    const stored = await orUnavailable(this.#nc, () => createOrGet(this.#bucket, entryOf(hash), record));
    const kept = apiKeyRecordSchema.parse(stored);
    this.#records.set(hash, kept);
    return { key, record: kept };
  }

  /** All records, oldest first, revoked and expired ones too. @throws AppError UNAVAILABLE */
  list(): ApiKeyRecord[] {
    this.#assertCurrent();
    return [...this.#records.values()].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  /** How many keys were ever made. @throws AppError UNAVAILABLE */
  count(): number {
    this.#assertCurrent();
    return this.#records.size;
  }

  /**
   * Resolves with the record once the revocation is durably stored and valid here; undefined for an unknown id.
   * @throws AppError UNAVAILABLE
   */
  async revoke(id: string): Promise<ApiKeyRecord | undefined> {
    this.#assertCurrent();
    const found = [...this.#records].find(([, record]) => record.id === id);
    if (!found) return undefined;
    const [hash, record] = found;
    const revoked = { ...record, revokedAt: record.revokedAt ?? Date.now() };
    await orUnavailable(this.#nc, () => this.#bucket.put(entryOf(hash), JSON.stringify(revoked)));
    this.#records.set(hash, revoked);
    return revoked;
  }

  /** Whether there is a copy of the keys to check requests against, and it is recent enough. */
  get isCurrent(): boolean {
    return !this.#problem && this.#now() - this.#currentAt <= LONGEST_UNCONFIRMED_MS;
  }

  /** Resolves when the first complete copy of the keys is there, or the directory is closed. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#ready.resolve();
    for (const unlink of this.#unlink) unlink?.();
    this.#watch?.stop();
    await this.#following;
  }

  #assertCurrent(): void {
    if (this.isCurrent) return;
    const isLoaded = this.#currentAt > -Infinity;
    const reason = isLoaded ? 'the copy of the API keys is too old' : 'the API keys are not loaded yet';
    throw unavailable(this.#problem ?? new Error(reason));
  }

  /** Watches the bucket, again and again: a watch ends with its connection. Each begins with all last values. */
  async #follow(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const restarts = this.#restarts;
      try {
        await this.#agree();
        const askedAt = this.#now();
        this.#loading = true;
        this.#watch = await watchBucket(this.#nc, KEY_BUCKET);
        if (restarts !== this.#restarts || this.#closing.signal.aborted) this.#watch.stop();
        for await (const entry of this.#watch) this.#apply(entry, askedAt);
      } catch {
        // The bucket is not there or does not answer; what is known stays valid for a while.
      }
      await this.#pause(RETRY_MS);
    }
  }

  /**
   * Sees to it that the log has the secret: keys that others make with a new one would not be known here. Where the log was
   * emptied and others were first with theirs, that one is taken, and known keys stay what they are.
   * @throws ConfigError where the other one is not known here, or not what was configured
   */
  async #agree(): Promise<void> {
    const stored = secretEntrySchema.parse(await createOrGet(this.#bucket, SECRET_ENTRY, this.#secretEntry));
    this.#problem = undefined;
    if (stored.fingerprint === fingerprintOf(this.#secrets[0]!)) return;
    const isConfigured = this.#secretEntry.secret === undefined;
    if (isConfigured || stored.secret === undefined) throw (this.#problem = otherSecret());
    this.#secretEntry = stored;
    this.#secrets.unshift(stored.secret);
  }

  /** @param askedAt when the watch began that brings it */
  #apply(entry: BucketEntry, askedAt: number): void {
    this.#revision = entry.revision;
    const hash = hashOfEntry(entry.key);
    if (hash !== undefined) {
      const parsed = entry.operation === 'PUT' ? parseRecord(entry) : undefined;
      if (parsed) this.#records.set(hash, parsed);
      else this.#records.delete(hash);
    }
    // The last of the values that were there when the watch began is marked; the secret's entry always is there.
    if (!entry.isUpdate || !this.#loading) return;
    this.#loading = false;
    this.#currentAt = askedAt;
    this.#ready.resolve();
  }

  /** Compares the copy with the bucket, again and again: a watch that brings nothing more does not tell so by itself. */
  async #confirm(everyMs: number): Promise<void> {
    let missing: number | undefined;
    while (await this.#pause(everyMs)) {
      if (this.#loading || !this.#link.up) continue;
      const askedAt = this.#now();
      const last = await this.#bucket.status().then(
        ({ streamInfo }) => streamInfo.state.last_seq,
        () => undefined,
      );
      if (last === undefined) continue;
      if (last === this.#revision) this.#currentAt = askedAt;
      // Not only on its way, since it was not there the last time either: a new watch brings all.
      else if (last === missing) this.#watch?.stop();
      missing = last === this.#revision ? undefined : last;
    }
  }

  /** Resolves with whether to go on. */
  #pause(ms: number): Promise<boolean> {
    const { signal } = this.#closing;
    return delay(ms, true, { signal }).catch(() => false);
  }
}

/** An entry that is not a record lets nobody in. */
function parseRecord(entry: BucketEntry): ApiKeyRecord | undefined {
  try {
    return apiKeyRecordSchema.parse(entry.json());
  } catch {
    return undefined;
  }
}
