import { sessionView, type Owner, type SessionState } from '@opensync/contracts';
import type { DocumentStore } from '@opensync/stores';

const SESSIONS_PER_PAGE = 200;

/** A place between two sessions of an owner. */
export interface SessionPlace {
  readonly value: number;
  readonly id: string;
}

/** An owner's sessions, oldest first, in pages. */
export async function* sessionPages(
  documents: DocumentStore,
  owner: Owner,
  after?: SessionPlace,
): AsyncGenerator<readonly SessionState[]> {
  for (let place = after; ;) {
    const page = await documents.sessions(owner, {
      limit: SESSIONS_PER_PAGE,
      sort: 'createdAt',
      order: 'asc',
      ...(place && { after: place }),
    });
    if (page.length > 0) yield page;
    if (page.length < SESSIONS_PER_PAGE) return;
    place = placeOf(page[page.length - 1]!);
  }
}

export function placeOf(session: SessionState): SessionPlace {
  return { value: sessionView(session).createdAt, id: session.id };
}
