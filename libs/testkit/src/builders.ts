import { randomUUID } from 'node:crypto';
import {
  messageIdOf,
  partIdOf,
  sessionIdOf,
  userIdOf,
  workspaceIdOf,
  type EventData,
  type EventType,
  type NewEvent,
  type Owner,
} from '@opensync/contracts';

/** Time of the builders' events, unless a test sets one. */
export const SOME_TIME = Date.UTC(2026, 0, 15, 12);

type EventOf<T extends EventType> = Extract<NewEvent, { type: T }>;
type SessionSyncedEvent = EventOf<'dev.opensync.session.synced.v1'>;
type SessionCuratedEvent = EventOf<'dev.opensync.session.curated.v1'>;
type SessionDeletedEvent = EventOf<'dev.opensync.session.deleted.v1'>;
type MessageSyncedEvent = EventOf<'dev.opensync.message.synced.v1'>;
type PartSyncedEvent = EventOf<'dev.opensync.part.synced.v1'>;

interface Envelope {
  readonly owner?: Owner;
  readonly id?: string;
  readonly time?: number;
}

/** The same e-mail gives the same owner. */
export function anOwner(email = 'ada@example.com', workspace = 'default'): Owner {
  const workspaceId = workspaceIdOf(workspace);
  return { workspaceId, userId: userIdOf(workspaceId, email) };
}

/** A session with only an external id; `data` adds or replaces fields. */
export function aSessionSynced(
  data: Partial<EventData['dev.opensync.session.synced.v1']> = {},
  { owner = anOwner(), id = randomUUID(), time = SOME_TIME }: Envelope = {},
): SessionSyncedEvent {
  const externalId = data.externalId ?? 'session-1';
  return {
    id,
    type: 'dev.opensync.session.synced.v1',
    owner,
    time,
    data: { sessionId: sessionIdOf(owner, externalId), externalId, ...data },
  };
}

/** A person's change of the session with this external id. */
export function aSessionCurated(
  { externalId = 'session-1', ...data }: Partial<EventData['dev.opensync.session.curated.v1']> = {},
  { owner = anOwner(), id = randomUUID(), time = SOME_TIME }: Envelope = {},
): SessionCuratedEvent {
  const sessionId = sessionIdOf(owner, externalId);
  return { id, type: 'dev.opensync.session.curated.v1', owner, time, data: { sessionId, externalId, ...data } };
}

/** The deletion of the session with this external id. */
export function aSessionDeleted(
  externalId = 'session-1',
  { owner = anOwner(), id = randomUUID(), time = SOME_TIME }: Envelope = {},
): SessionDeletedEvent {
  const sessionId = sessionIdOf(owner, externalId);
  return { id, type: 'dev.opensync.session.deleted.v1', owner, time, data: { sessionId, externalId } };
}

/** Everything of a user was erased. */
export function aUserErased({
  owner = anOwner(),
  id = randomUUID(),
  time = SOME_TIME,
}: Envelope = {}): EventOf<'dev.opensync.user.erased.v1'> {
  return { id, type: 'dev.opensync.user.erased.v1', owner, time, data: { userId: owner.userId } };
}

/** A message of `session-1`; its ids are derived from the external ids in `data`. */
export function aMessageSynced(
  data: Partial<EventData['dev.opensync.message.synced.v1']> = {},
  { owner = anOwner(), id = randomUUID(), time = SOME_TIME }: Envelope = {},
): MessageSyncedEvent {
  const externalId = data.externalId ?? 'message-1';
  const sessionExternalId = data.sessionExternalId ?? 'session-1';
  const sessionId = data.sessionId ?? sessionIdOf(owner, sessionExternalId);
  return {
    id,
    type: 'dev.opensync.message.synced.v1',
    owner,
    time,
    data: { messageId: messageIdOf(sessionId, externalId), externalId, sessionId, sessionExternalId, ...data },
  };
}

/** A text part of `message-1` of `session-1`; name another message by its ids in `data`. */
export function aPartSynced(
  data: Partial<EventData['dev.opensync.part.synced.v1']> = {},
  { owner = anOwner(), id = randomUUID(), time = SOME_TIME }: Envelope = {},
): PartSyncedEvent {
  const sessionId = data.sessionId ?? sessionIdOf(owner, 'session-1');
  const messageId = data.messageId ?? messageIdOf(sessionId, 'message-1');
  const order = data.order ?? 0;
  return {
    id,
    type: 'dev.opensync.part.synced.v1',
    owner,
    time,
    data: { partId: partIdOf(messageId, order), messageId, sessionId, order, type: 'text', content: 'text', ...data },
  };
}
