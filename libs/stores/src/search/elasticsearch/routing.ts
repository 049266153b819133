import { ownerKey, type Owner, type Reader } from '@opensync/contracts';

/**
 * How an index distributes rows across shards. All rows of a workspace are in one, so that a search asks that alone; an index
 * of an earlier version has those of each owner in one, and is rebuilt to change that: Elasticsearch moves no row.
 */
export type Spread = 'workspace' | 'owner';

/** The routing of an owner's rows. */
export function routingOf(spread: Spread, owner: Owner): string {
  return spread === 'workspace' ? owner.workspaceId : ownerKey(owner);
}

/** The routing of a search for all that a reader may see: absent if it may be in any shard. */
export function searchRouting(spread: Spread, reader: Reader): { readonly routing?: string } {
  return spread === 'owner' && reader.sessions === 'visible' ? {} : { routing: routingOf(spread, reader) };
}

/** The routing of a row of the reader's workspace that a search has found; the row's id begins with its owner. */
export function routingOfRow(spread: Spread, reader: Reader, rowId: string): string {
  return spread === 'workspace' ? reader.workspaceId : rowId.slice(0, rowId.indexOf('/'));
}
