import { ownerKey, type Owner } from '@opensync/contracts';
import type { ApiKeyRecord } from './records.ts';

interface Stored {
  readonly hash: string;
  readonly record: ApiKeyRecord;
}

/** The records of all keys, found by hash, by id, and by whose they are. */
export class KeyIndex {
  readonly #byHash = new Map<string, ApiKeyRecord>();
  readonly #byId = new Map<string, Stored>();
  /** By owner, then by id. */
  readonly #byOwner = new Map<string, Map<string, ApiKeyRecord>>();
  /** The owners with keys, by workspace and by user. */
  readonly #owners = { workspaceId: new Map<string, Set<string>>(), userId: new Map<string, Set<string>>() };

  get size(): number {
    return this.#byHash.size;
  }

  get(hash: string): ApiKeyRecord | undefined {
    return this.#byHash.get(hash);
  }

  byId(id: string): Stored | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<ApiKeyRecord> {
    return this.#byHash.values();
  }

  /** The keys of a user in a workspace, of a user in all, or of a workspace; oldest first. */
  of({ workspaceId, userId }: Partial<Owner>): ApiKeyRecord[] {
    const owners =
      workspaceId !== undefined && userId !== undefined
        ? [ownerKey({ workspaceId, userId })]
        : ((workspaceId !== undefined
            ? this.#owners.workspaceId.get(workspaceId)
            : this.#owners.userId.get(userId ?? '')) ?? []);
    return inOrder([...owners].flatMap((owner) => [...(this.#byOwner.get(owner)?.values() ?? [])]));
  }

  set(hash: string, record: ApiKeyRecord | undefined): void {
    const former = this.#byHash.get(hash);
    if (former) this.#remove(hash, former);
    if (!record) return;
    const key = ownerKey(record.owner);
    this.#byHash.set(hash, record);
    this.#byId.set(record.id, { hash, record });
    const own = this.#byOwner.get(key);
    if (own) own.set(record.id, record);
    else this.#begin(key, record);
  }

  #begin(key: string, record: ApiKeyRecord): void {
    this.#byOwner.set(key, new Map([[record.id, record]]));
    for (const part of ['workspaceId', 'userId'] as const) {
      const found = this.#owners[part].get(record.owner[part]);
      if (found) found.add(key);
      else this.#owners[part].set(record.owner[part], new Set([key]));
    }
  }

  #remove(hash: string, { id, owner }: ApiKeyRecord): void {
    const key = ownerKey(owner);
    this.#byHash.delete(hash);
    this.#byId.delete(id);
    const own = this.#byOwner.get(key);
    own?.delete(id);
    if (!own || own.size > 0) return;
    this.#byOwner.delete(key);
    for (const part of ['workspaceId', 'userId'] as const) {
      const found = this.#owners[part].get(owner[part]);
      found?.delete(key);
      if (found?.size === 0) this.#owners[part].delete(owner[part]);
    }
  }
}

/** Oldest first. */
export function inOrder(records: Iterable<ApiKeyRecord>): ApiKeyRecord[] {
  return [...records].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}
