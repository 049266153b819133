import {
  evolve,
  type MessageState,
  type NewEvent,
  type PartState,
  type SessionState,
  type StoredEvent,
} from '@opensync/contracts';
import type { DocumentStore } from '../documents/port.ts';
import type { CorpusMessage, CorpusSession } from './corpus.ts';
import { OWNER } from './rankings.ts';

/** Messages of a session are a minute apart. */
const MINUTE = 60_000;

/** Stores the sessions as documents, folded from events as the projector does, under the ids that the rankings return. */
export async function storeDocuments(store: DocumentStore, corpus: readonly CorpusSession[]): Promise<void> {
  let sequence = 0;
  const stored = (event: NewEvent) => ({ ...event, sequence: ++sequence }) as StoredEvent;
  const documents = corpus.map((session) => ({
    session: evolve('session', undefined, stored(sessionSynced(session))) as SessionState,
    messages: session.messages.map(
      (_, at) => evolve('message', undefined, stored(messageSynced(session, at))) as MessageState,
    ),
    parts: session.messages.flatMap((message, at) =>
      partsOf(message).map(
        (content, order) => evolve('part', undefined, stored(partSynced(session, at, order, content))) as PartState,
      ),
    ),
  }));
  // At once: each save waits for the disk.
  await store.save({
    sessions: documents.map(({ session }) => ({ ...session, revision: 0 })),
    messages: documents.flatMap(({ messages }) => messages.map((message) => ({ ...message, revision: 0 }))),
    parts: documents.flatMap(({ parts }) => parts),
  });
}

function sessionSynced({ key, title, projectName, projectPath, source, model, createdAt }: CorpusSession): NewEvent {
  const time = Date.parse(createdAt);
  return {
    ...{ id: key, type: 'dev.opensync.session.synced.v1', owner: OWNER, time },
    data: { sessionId: key, externalId: key, title, projectName, projectPath, source, model, createdAt: time },
  };
}

function messageSynced({ key, createdAt, messages }: CorpusSession, at: number): NewEvent {
  const time = Date.parse(createdAt) + at * MINUTE;
  const { role, text } = messages[at]!;
  const ids = { messageId: `${key}/${at}`, externalId: String(at), sessionId: key, sessionExternalId: key };
  return {
    ...{ id: ids.messageId, type: 'dev.opensync.message.synced.v1', owner: OWNER, time },
    data: { ...ids, role, textContent: text, createdAt: time, partCount: partsOf(messages[at]!).length },
  };
}

function partSynced({ key, createdAt }: CorpusSession, at: number, order: number, content: object): NewEvent {
  const messageId = `${key}/${at}`;
  return {
    ...{ id: `${messageId}/${order}`, type: 'dev.opensync.part.synced.v1', owner: OWNER },
    time: Date.parse(createdAt) + at * MINUTE,
    data: { partId: `${messageId}/${order}`, messageId, sessionId: key, order, type: 'tool-call', content } as never,
  };
}

function partsOf({ tools = [] }: CorpusMessage) {
  return tools.map(({ name, input, output }) => ({ toolName: name, args: input, result: output }));
}
