import { AppError } from '@opensync/platform';
import { PayloadLostError } from '@opensync/event-log/payloads';
import type { QueryResources } from '../resources.ts';
import { hashOfSlug } from './link.ts';
import { snapshotSchema, SNAPSHOT_BYTES, type Snapshot } from './snapshot.ts';

export interface PublicSession extends Snapshot {
  /** When the link ends; null: only when it is revoked. */
  readonly expiresAt: number | null;
}

/** All readers of public pages together share what one user may hold. */
const HOLDER = 'public';
const HELD_BYTES = 2 * SNAPSHOT_BYTES;

/**
 * The snapshot that a link leads to.
 * @throws AppError NOT_FOUND, the same for a link that never was, was revoked or has ended; UNAVAILABLE
 */
export async function readPublic(
  { documents, payloads, pageBytes }: Pick<QueryResources, 'documents' | 'payloads' | 'pageBytes'>,
  slug: string,
  now: number,
): Promise<PublicSession> {
  const hash = hashOfSlug(slug);
  const session = hash === undefined ? undefined : await documents.published(hash);
  const { publication, publicUntil = null } = session?.fields ?? {};
  if (!session || publication?.hash !== hash || !publication) throw noLink();
  if (publicUntil !== null && publicUntil <= now) throw noLink();
  const release = await pageBytes.acquire(HOLDER, HELD_BYTES);
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of payloads.read(session.owner, publication.snapshot.sha256)) pieces.push(piece);
    const snapshot = snapshotSchema.parse(JSON.parse(Buffer.concat(pieces).toString('utf8')));
    return { ...snapshot, expiresAt: publicUntil };
  } catch (error) {
    if (error instanceof PayloadLostError) throw noLink();
    throw error;
  } finally {
    release();
  }
}

function noLink(): AppError {
  return new AppError('NOT_FOUND', 'There is no public session at this address');
}
