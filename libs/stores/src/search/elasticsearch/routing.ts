import { ownerKey, type Owner, type Reader } from '@opensync/contracts';

/**
 * How an index distributes rows across shards. All rows of a workspace are in one shard, so that a search asks only
 * that one. An index of an earlier version keeps those of each owner in one shard; a rebuild changes that, because
 * Elasticsearch moves no rows.
 */
export type Spread = 'workspace' | 'owner';

/** The routing of an owner's rows. */
export function routingOf(spread: Spread, owner: Owner): string {
  return spread === 'workspace' ? owner.workspaceId : ownerKey(owner);
}

/** The routing of a search for everything that a reader may see: absent if it may be in any shard. */
export function searchRouting(spread: Spread, reader: Reader): { readonly routing?: string } {
  return spread === 'owner' && reader.sessions === 'visible' ? {} : { routing: routingOf(spread, reader) };
}

/** The routing of a row of the reader's workspace that a search has found; the row's id begins with its owner. */
export function routingOfRow(spread: Spread, reader: Reader, rowId: string): string {
  return spread === 'workspace' ? reader.workspaceId : rowId.slice(0, rowId.indexOf('/'));
}
