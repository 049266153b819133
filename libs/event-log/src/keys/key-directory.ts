import { setTimeout as delay } from 'node:timers/promises';
import { newKeyId, userIdOf, workspaceIdOf, type Principal, type Scope } from '@opensync/contracts';
import { AppError, ConfigError } from '@opensync/platform';
import { Kvm, type KV, type KvWatchEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { Link } from '../connection.ts';
import { KEY_BUCKET } from '../topology/names.ts';
import { Topology } from '../topology/topology.ts';
import { isConflict, orUnavailable, unavailable } from '../unavailable.ts';
import {
  apiKeyRecordSchema,
  entryOf,
  fingerprintOf,
  hashOf,
  hashOfEntry,
  isExpired,
  newKey,
  newSecret,
  prefixOf,
  restrict,
  SECRET_ENTRY,
  secretEntrySchema,
  type ApiKeyRecord,
  type SecretEntry,
} from './records.ts';

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

const RETRY_MS = 250;

/**
 * The API keys, as records under a keyed hash in a watched KV bucket: every gateway has them in memory and hears
 * of a new or revoked key at once. Until the first complete copy is there nobody is let in.
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
  #watch: Awaited<ReturnType<KV['watch']>> | undefined;
  #complete = false;
  readonly #ready = Promise.withResolvers<void>();
  #closed = false;
  readonly #following: Promise<void>;

  /**
   * Resolves when the bucket can be used; `authenticate` may still have to wait for the first copy.
   * @throws ConfigError when the stored keys were hashed with another secret; AppError UNAVAILABLE
   */
  static async open(nc: NatsConnection, { secret }: { secret?: string | undefined } = {}): Promise<KeyDirectory> {
    const bucket = await orUnavailable(nc, () => new Kvm(nc).open(KEY_BUCKET));
    const agreed = await agreeOnSecret(nc, bucket, secret);
    return new KeyDirectory(nc, bucket, agreed, secretEntryOf(agreed, { configured: secret !== undefined }));
  }

  private constructor(nc: NatsConnection, bucket: KV, secret: string, secretEntry: SecretEntry) {
    this.#nc = nc;
    this.#bucket = bucket;
    this.#secrets = [secret];
    this.#secretEntry = secretEntry;
    this.#link = Link.of(nc);
    // After a reconnect the server may know nothing of the watch any more: begin a new one.
    const restart = () => {
      this.#restarts++;
      this.#watch?.stop();
    };
    this.#unlink = [this.#link.onChange(restart), Topology.of(nc)?.onReplaced(KEY_BUCKET, restart)];
    this.#following = this.#follow();
  }

  /**
   * Who a key stands for; undefined where it is unknown, expired or revoked. The lookup is by keyed hash, so how
   * long it takes says nothing about the keys.
   * @throws AppError UNAVAILABLE until the first complete copy of the keys is there
   */
  authenticate(token: string): Principal | undefined {
    const record = this.find(token);
    if (!record || record.revokedAt !== undefined || isExpired(record)) return undefined;
    return { owner: record.owner, keyId: record.id, scopes: record.scopes };
  }

  /** The record of a key, revoked and expired ones too. @throws AppError UNAVAILABLE */
  find(key: string): ApiKeyRecord | undefined {
    this.#assertComplete();
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
    this.#assertComplete();
    return [...this.#records.values()].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  /** How many keys were ever made. @throws AppError UNAVAILABLE */
  count(): number {
    this.#assertComplete();
    return this.#records.size;
  }

  /**
   * Resolves with the record once the revocation is durably stored and valid here; undefined for an unknown id.
   * @throws AppError UNAVAILABLE
   */
  async revoke(id: string): Promise<ApiKeyRecord | undefined> {
    this.#assertComplete();
    const found = [...this.#records].find(([, record]) => record.id === id);
    if (!found) return undefined;
    const [hash, record] = found;
    const revoked = { ...record, revokedAt: record.revokedAt ?? Date.now() };
    await orUnavailable(this.#nc, () => this.#bucket.put(entryOf(hash), JSON.stringify(revoked)));
    this.#records.set(hash, revoked);
    return revoked;
  }

  /** Whether there is a copy of the keys to check requests against. */
  get isComplete(): boolean {
    return this.#complete && !this.#problem;
  }

  /** Resolves when the first complete copy of the keys is there, or the directory is closed. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ready.resolve();
    for (const unlink of this.#unlink) unlink?.();
    this.#watch?.stop();
    await this.#following;
  }

  #assertComplete(): void {
    if (this.#problem) throw unavailable(this.#problem);
    if (!this.#complete) throw unavailable(new Error('the API keys are not loaded yet'));
  }

  /** Watches the bucket, again and again: a watch ends with its connection. Each begins with all last values. */
  async #follow(): Promise<void> {
    while (!this.#closed) {
      const restarts = this.#restarts;
      try {
        await this.#agree();
        this.#watch = await this.#bucket.watch();
        if (restarts !== this.#restarts || this.#closed) this.#watch.stop();
        for await (const entry of this.#watch) this.#apply(entry);
      } catch {
        // The bucket is not there or does not answer; what is known stays valid until it does.
      }
      if (!this.#closed) await delay(RETRY_MS);
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

  #apply(entry: KvWatchEntry): void {
    const hash = hashOfEntry(entry.key);
    if (hash !== undefined) {
      const parsed = entry.operation === 'PUT' ? parseRecord(entry) : undefined;
      if (parsed) this.#records.set(hash, parsed);
      else this.#records.delete(hash);
    }
    // The last of the values that were there when the watch began is marked; the secret's entry always is there.
    if (!entry.isUpdate) return;
    this.#complete = true;
    this.#ready.resolve();
  }
}

/** An entry that is not a record lets nobody in. */
function parseRecord(entry: KvWatchEntry): ApiKeyRecord | undefined {
  try {
    return apiKeyRecordSchema.parse(entry.json());
  } catch {
    return undefined;
  }
}

/** The secret that keys are hashed with: the configured one, else one that the first to come makes and keeps. */
async function agreeOnSecret(nc: NatsConnection, bucket: KV, configured: string | undefined): Promise<string> {
  const proposed = configured ?? newSecret();
  const entry = secretEntryOf(proposed, { configured: configured !== undefined });
  const stored = secretEntrySchema.parse(await orUnavailable(nc, () => createOrGet(bucket, SECRET_ENTRY, entry)));
  const secret = configured ?? stored.secret;
  if (secret === undefined || fingerprintOf(secret) !== stored.fingerprint) {
    throw otherSecret();
  }
  return secret;
}

function otherSecret(): ConfigError {
  return new ConfigError(
    'OPENSYNC_KEY_SECRET: the stored API keys were hashed with another secret; set the one they were made with',
  );
}

/** A secret that is configured is kept by those who know it. */
function secretEntryOf(secret: string, { configured }: { configured: boolean }): SecretEntry {
  return { fingerprint: fingerprintOf(secret), ...(!configured && { secret }) };
}

/** Stores the value unless there is one; gives what is stored. */
export async function createOrGet(bucket: KV, key: string, value: object): Promise<unknown> {
  try {
    await bucket.create(key, JSON.stringify(value));
    return value;
  } catch (error) {
    if (!isConflict(error)) throw error;
    const entry = await bucket.get(key);
    if (!entry) throw new AppError('UNAVAILABLE', 'The API keys are being changed.', { cause: error });
    return entry.json();
  }
}

/**
 * Stores the record; where there is one, that keeps what it says, but for a revocation or an earlier expiry of the other.
 */
export async function createOrRestrict(bucket: KV, entry: string, record: ApiKeyRecord): Promise<void> {
  for (;;) {
    const stored = await bucket.get(entry);
    try {
      if (stored?.operation !== 'PUT') {
        await bucket.create(entry, JSON.stringify(record));
        return;
      }
      const kept = apiKeyRecordSchema.safeParse(stored.json()).data;
      // What is not a record lets nobody in.
      if (!kept) return;
      const restricted = restrict(kept, record);
      if (restricted !== kept) await bucket.update(entry, JSON.stringify(restricted), stored.revision);
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Somebody else was first: it is looked at again.
    }
  }
}
