import { ERASURE, sessionView, type Owner, type SessionState } from '@opensync/contracts';
import type { DocumentStore, SearchStore, SessionQuery, TrashedSession, VectorStore } from '@opensync/stores';

export interface VerifiedStores {
  readonly documents: DocumentStore;
  readonly search: SearchStore;
  readonly vectors: VectorStore;
}

const PAGE = 200;
const AT_ONCE = 16;

/**
 * How many sessions of an owner were deleted, if no store has anything from before their erasure; undefined as long as one does.
 * Asks the stores, not those who delete. @param sequence of the event that erases. @throws AppError UNAVAILABLE
 */
export async function verifyStores(
  stores: VerifiedStores,
  owner: Owner,
  sequence: number,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const { documents } = stores;
  const { gone } = await documents.load(owner, { sessions: [ERASURE] });
  // Otherwise the documents have not seen the event.
  if ((gone.get(ERASURE)?.deletion?.sequence ?? 0) < sequence) return undefined;
  for await (const page of keptSessions(documents, owner)) {
    if (page.some((session) => session.span.firstSequence < sequence)) return undefined;
    signal?.throwIfAborted();
  }
  let sessions = 0;
  for (let after: string | undefined; ;) {
    const ids = await documents.goneSessions(owner, { limit: PAGE, ...(after !== undefined && { after }) });
    const last = ids.at(-1);
    if (last === undefined) return sessions;
    after = last;
    const deleted = ids.filter((id) => id !== ERASURE);
    for (let at = 0; at < deleted.length; at += AT_ONCE) {
      const some = deleted.slice(at, at + AT_ONCE);
      const left = await Promise.all(some.map((id) => isLeft(stores, { owner, id, sequence })));
      if (left.includes(true)) return undefined;
    }
    sessions += deleted.length;
    signal?.throwIfAborted();
  }
}

async function isLeft(
  { documents, search, vectors }: VerifiedStores,
  { owner, id, sequence }: { owner: Owner; id: string; sequence: number },
): Promise<boolean> {
  const left = await Promise.all([documents, search, vectors].map((store) => store.hasBefore(owner, id, sequence)));
  return left.includes(true);
}

/** The sessions of an owner that are not deleted, those in the trash last. */
async function* keptSessions(documents: DocumentStore, owner: Owner): AsyncGenerator<readonly SessionState[]> {
  for (let after: SessionQuery['after']; ;) {
    const page = await documents.sessions(owner, {
      ...{ limit: PAGE, sort: 'createdAt', order: 'asc', ...(after && { after }) },
    });
    const last = page.at(-1);
    if (!last) break;
    after = { id: last.id, value: sessionView(last).createdAt };
    yield page;
  }
  for (let after: TrashedSession | undefined; ;) {
    const page = await documents.trashed({ owner, before: Number.MAX_SAFE_INTEGER, limit: PAGE, after });
    after = page.at(-1);
    if (!after) return;
    yield [...(await documents.load(owner, { sessions: page.map(({ id }) => id) })).gone.values()];
  }
}
