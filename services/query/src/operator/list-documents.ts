import { sessionView, type Owner, type Reader } from '@opensync/contracts';
import type { MessagePlace } from '@opensync/stores';
import type { z } from 'zod';
import type { QueryResources } from '../resources.ts';
import { decodeSessionCursor, encodeCursor, invalidCursor } from '../sessions/cursors.ts';
import type { listDocumentsSchema } from './operator-requests.ts';

export interface ListedDocument {
  readonly id: string;
  readonly kind: 'session' | 'message';
  readonly externalId: string | null;
  readonly title: string | null;
  readonly createdAt: number;
  readonly messageCount: number | null;
}

export interface DocumentPage {
  readonly documents: readonly ListedDocument[];
  readonly cursor: string | null;
}

type ListDocuments = Omit<z.infer<typeof listDocumentsSchema>, 'workspace' | 'user'>;

/** The sessions of an owner, newest first, or the messages of one in order: names to look further. */
export async function listDocuments(
  { documents }: Pick<QueryResources, 'documents'>,
  owner: Owner,
  { session, limit, cursor }: ListDocuments,
): Promise<DocumentPage> {
  if (session !== undefined) return listMessages(documents, owner, { session, limit, cursor });
  const [, , value, id] = cursor === undefined ? [] : decodeSessionCursor(cursor);
  const reader: Reader = { ...owner, sessions: 'own' };
  const found = await documents.sessions(reader, {
    ...{ limit: limit + 1, sort: 'createdAt', order: 'desc' },
    ...(value !== undefined && id !== undefined && { after: { value, id } }),
  });
  const page = found.slice(0, limit).map((state) => sessionView(state));
  const last = page.at(-1);
  return {
    documents: page.map((view) => ({
      ...{ id: view.id, kind: 'session', externalId: view.externalId, title: view.title ?? null },
      ...{ createdAt: view.createdAt, messageCount: view.messageCount },
    })),
    cursor: found.length > limit && last ? encodeCursor(['createdAt', 'desc', last.createdAt, last.id]) : null,
  };
}

async function listMessages(
  documents: QueryResources['documents'],
  owner: Owner,
  { session, limit, cursor }: { readonly session: string; readonly limit: number; readonly cursor: string | undefined },
): Promise<DocumentPage> {
  const after = cursor === undefined ? undefined : placeOf(cursor);
  const found = await documents.messageKeys(owner, session, { limit: limit + 1, ...(after && { after }) });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    documents: page.map(({ id, createdAt }) => {
      return { id, kind: 'message', externalId: null, title: null, createdAt, messageCount: null };
    }),
    cursor: found.length > limit && last ? `${last.createdAt}.${last.sequence}` : null,
  };
}

function placeOf(cursor: string): MessagePlace {
  const [, createdAt, sequence] = /^(\d{1,16})\.(\d{1,16})$/.exec(cursor) ?? [];
  if (sequence === undefined) throw invalidCursor('cursor');
  return { createdAt: Number(createdAt), sequence: Number(sequence) };
}
