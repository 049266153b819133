import { sessionView, type Owner, type Reader, type SessionState, type SessionView } from '@opensync/contracts';
import { findSession, readMessages } from '../sessions/read-session.ts';
import type { QueryResources } from '../resources.ts';
import { joinResults } from './join-results.ts';
import type { ExportRequest } from './options.ts';
import { readMessage } from './read-message.ts';
import type { ExportMessage } from './record.ts';

/** Sessions that are read at once. */
const SESSIONS_PER_READ = 200;

export interface Walked {
  readonly owner: Owner;
  readonly view: SessionView;
}

type WalkResources = Pick<QueryResources, 'documents' | 'payloads'>;

/**
 * The sessions of an export, page by page: what is created meanwhile is not among them, what is deleted meanwhile may be.
 * @throws AppError NOT_FOUND for an id that the reader may not see
 */
export async function* walkSessions(
  { documents }: WalkResources,
  reader: Reader,
  { id, filter, order, limit, accepts }: Pick<ExportRequest, 'id' | 'filter' | 'order' | 'limit' | 'accepts'>,
): AsyncGenerator<Walked> {
  if (id !== undefined) return yield walked(await findSession(documents, reader, id));
  let after: { readonly value: number; readonly id: string } | undefined;
  for (let left = limit; ;) {
    const query = { ...filter, sort: 'createdAt', order, limit: SESSIONS_PER_READ, ...(after && { after }) } as const;
    const states = await documents.sessions(reader, query);
    for (const state of states) {
      const session = walked(state);
      after = { value: session.view.createdAt, id: state.id };
      if (!accepts(session.view)) continue;
      if (left-- <= 0) return;
      yield session;
    }
    if (states.length < SESSIONS_PER_READ || left <= 0) return;
  }
}

function walked(state: SessionState): Walked {
  return { owner: state.owner, view: sessionView(state) };
}

/** The messages of a session with their contents, each result of a tool at its call. */
export async function* walkMessages(
  { documents, payloads }: WalkResources,
  { owner, view }: Walked,
): AsyncGenerator<ExportMessage> {
  yield* joinResults(contents());

  async function* contents(): AsyncGenerator<ExportMessage> {
    const pages = readMessages(documents, owner, view.id, { first: [], after: undefined, limit: Infinity });
    for await (const { view: message } of pages) yield readMessage(payloads, owner, message);
  }
}
