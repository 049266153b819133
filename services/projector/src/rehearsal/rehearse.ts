import { createHash } from 'node:crypto';
import type { DocumentChanges, Owner } from '@opensync/contracts';
import { historyOf, ownersInLog, replay, streamEnds, type LogConnection } from '@opensync/event-log';
import type { DocumentStore } from '@opensync/stores';
import { applyHistory } from '../documents/apply-history.ts';
import { DocumentsProjection } from '../documents/documents-projection.ts';
import { compare, differing, type DifferentSession } from '../rebuild/compare.ts';
import { documentContents, type Contents } from '../rebuild/contents.ts';

export interface RehearsalOptions {
  /** The log that the backup was restored into, and its last sequence. */
  readonly restored: { readonly nc: LogConnection; readonly to: number };
  /** Empty documents, which it fills. */
  readonly scratch: DocumentStore;
  readonly live: { readonly nc: LogConnection; readonly documents: DocumentStore };
  readonly onProgress?: (events: number, total: number) => void;
}

export interface RehearsalReport {
  readonly sessions: number;
  /** Sessions whose documents differ between the restored log and the live one. */
  readonly different: readonly DifferentSession[];
  /** Over all documents, hexadecimal: equal if the live log and the live documents stood still meanwhile. */
  readonly digests: { readonly restored: string; readonly live: string };
  /** Events of the backup that no version could process, as before. */
  readonly skipped: number;
}

const EVENTS_PER_BATCH = 2000;
/** What people change meanwhile is compared again after it was applied. */
const LOOKS = 3;

/**
 * Replays a restored log into documents of their own, then the events that the live log has had since, and compares all
 * documents with the live ones: whatever the backup has lost or changed shows as a session that differs.
 * @throws AppError UNAVAILABLE
 */
export async function rehearse({ restored, scratch, live, onProgress }: RehearsalOptions): Promise<RehearsalReport> {
  let skipped = 0;
  let position = 0;
  const follow = async (nc: LogConnection, to: number) => {
    const projection = projectionOf(nc, scratch);
    for await (const batch of replay(nc, { from: position + 1, to, maxBatch: EVENTS_PER_BATCH })) {
      skipped += await applyHistory(projection, batch);
      position = batch[batch.length - 1]!.sequence;
      onProgress?.(position, to);
    }
  };
  await follow(restored.nc, restored.to);
  const restoredSkipped = skipped;
  const catchUp = async () => follow(live.nc, (await streamEnds(live.nc)).last);
  await catchUp();
  const [contents, liveContents] = [documentContents(scratch), documentContents(live.documents)];
  const owners = await ownersInLog(live.nc);
  let sessions = 0;
  const onSessions = (count: number) => (sessions = count);
  // In both directions: what only one of them has is an error, too.
  const missing = await compare(liveContents, contents, owners, onSessions);
  const surplus = await compare(contents, liveContents, owners, () => undefined);
  let different = unique([...missing.different, ...surplus.different]);
  for (let look = 1; look < LOOKS && different.length > 0; look++) {
    await catchUp();
    different = unique([
      ...(await differing(liveContents, contents, different)),
      ...(await differing(contents, liveContents, different)),
    ]);
  }
  const digests = { restored: await digestOf(contents, owners), live: await digestOf(liveContents, owners) };
  return { sessions, different, digests, skipped: restoredSkipped };
}

function projectionOf(nc: LogConnection, documents: DocumentStore): DocumentsProjection {
  // Nothing follows these documents.
  const publishChanges = async (_owner: Owner, _changes: DocumentChanges) => {};
  return new DocumentsProjection({ documents, publishChanges, history: (owner, after) => historyOf(nc, owner, after) });
}

function unique(sessions: readonly DifferentSession[]): DifferentSession[] {
  return [...new Map(sessions.map((session) => [session.sessionId, session])).values()];
}

/** Over the ids, versions and contents of all documents, in an order that does not depend on the store. */
async function digestOf(contents: Contents, owners: readonly Owner[]): Promise<string> {
  const all = createHash('sha256');
  for (const owner of owners) {
    // Of 64 bytes a session, so that any number fits in memory.
    const digests: string[] = [];
    for await (const page of contents.sessions(owner)) {
      for (const sessionId of page) {
        const entries = [...(await contents.entries(owner, sessionId))].sort(([a], [b]) => (a < b ? -1 : 1));
        digests.push(createHash('sha256').update(JSON.stringify(entries)).digest('hex'));
      }
    }
    all.update(`${owner.workspaceId} ${owner.userId} ${digests.sort().join(' ')}\n`);
  }
  return all.digest('hex');
}
