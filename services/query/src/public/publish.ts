import { ownerKey, type Owner, type Publication, type SessionState } from '@opensync/contracts';
import type { QueryResources } from '../resources.ts';
import { hashOfSlug, newSlug } from './link.ts';
import { SNAPSHOT_BYTES, snapshotOf } from './snapshot.ts';

/** A snapshot, and the JSON that is made of it. */
const HELD_BYTES = 2 * SNAPSHOT_BYTES;

export interface NewLink {
  /** The secret of the link, for its owner alone. */
  readonly slug: string;
  readonly publication: Publication;
}

/**
 * Stores a snapshot of the session beside the log, where it stays until the session is deleted, under a new link. The
 * link leads to it once an event names it.
 * @throws AppError UNAVAILABLE
 */
export async function publishSession(
  resources: Pick<QueryResources, 'documents' | 'snapshots' | 'pageBytes'>,
  caller: Owner,
  session: SessionState,
  now: number,
): Promise<NewLink> {
  const release = await resources.pageBytes.acquire(ownerKey(caller), HELD_BYTES);
  try {
    const snapshot = JSON.stringify(await snapshotOf(resources, session, now));
    const { sha256, size } = await resources.snapshots.put(session.owner, snapshot);
    const slug = newSlug();
    return { slug, publication: { hash: hashOfSlug(slug)!, snapshot: { sha256, size }, at: now } };
  } finally {
    release();
  }
}
