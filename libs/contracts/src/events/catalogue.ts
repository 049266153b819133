import type { z } from 'zod';
import { isFailedPart } from '../content/tool-facts.ts';
import { upcastPart } from '../content/upcast.ts';
import { evolveMessage, type MessageHead } from '../fold/message.ts';
import { evolvePart, type PartState } from '../fold/part.ts';
import { later, type MembershipState, type UserState, type WorkspaceState } from '../fold/people.ts';
import {
  sessionOfCuration,
  ERASURE,
  sessionOfDeletion,
  sessionOfErasure,
  sessionOfMessage,
  sessionOfSession,
  type SessionState,
} from '../fold/session.ts';
import { ownerKey } from '../owner.ts';
import type { Entity } from '../subjects.ts';
import type { StoredEvent } from './event.ts';
import {
  apiKeyCreatedSchema,
  apiKeyRevokedSchema,
  membershipPutSchema,
  membershipRemovedSchema,
  messageSyncedSchema,
  partSyncedSchema,
  sessionCuratedSchema,
  sessionDeletedSchema,
  sessionSyncedSchema,
  userErasedSchema,
  userPutSchema,
  userRemovedSchema,
  workspacePutSchema,
  type EventData,
  type EventType,
} from './schemas.ts';

/** The states that events fold into, by kind of document. */
export interface Folded {
  readonly session: SessionState;
  readonly message: MessageHead;
  readonly part: PartState;
  readonly user: UserState;
  readonly workspace: WorkspaceState;
  readonly membership: MembershipState;
}

/** The ids of the documents that an event touches: those that its fold reads and may change. */
export type TouchedDocuments = { readonly [Kind in keyof Folded]?: string };

/** Documents that have a row in the indexes. */
export type IndexedKind = 'session' | 'message';

type EventOf<Type extends EventType> = Extract<StoredEvent, { type: Type }>;
interface StoredContent {
  readonly sha256: string;
}

/** Everything that the system knows about one type of event. */
export interface EventDefinition<Type extends EventType = EventType> {
  /** Names the subject on which events of the type are published. */
  readonly entity: Entity;
  readonly schema: z.ZodType<EventData[Type]>;
  /** Rewrite data of earlier versions into the current form, in this order. Pure. */
  readonly upcasters: readonly ((data: EventData[Type]) => EventData[Type])[];
  /** The id of the document that the event is about: `ce-subject`. */
  readonly documentId: (data: EventData[Type]) => string;
  /** The session whose history the event belongs to; absent for an event about people. */
  readonly session?: (data: EventData[Type]) => string;
  readonly touched: (data: EventData[Type]) => TouchedDocuments;
  /** A document after the event, for each kind that the event touches. Pure. */
  readonly fold: {
    readonly [Kind in keyof Folded]?: (
      state: Folded[Kind] | undefined,
      event: EventOf<Type>,
    ) => Folded[Kind] | undefined;
  };
  /** Which of the touched documents may have changed words, so that the indexes must read them again. */
  readonly words: readonly IndexedKind[];
  /** Whether the event replaces the previous parts of its message. */
  readonly replacesParts?: (data: EventData[Type]) => boolean;
  /**
   * The session that loses everything from before the event: messages, parts, index rows. Its payloads are removed
   * later (ADR 29).
   */
  readonly deletes?: (data: EventData[Type]) => string;
  /** Whether the event also deletes every session of its owner: see {@link ERASURE}. */
  readonly erases?: true;
  /** The content outside the log that the event refers to. */
  readonly payloads: (data: EventData[Type]) => readonly (StoredContent | undefined)[];
  /** The log stores the event and the one before it together, or neither of them. */
  readonly atomicWithPrevious?: true;
}

/** Common to events about users, workspaces, memberships and keys: no session, content or words. */
const PEOPLE = { entity: 'user', upcasters: [], words: [], payloads: () => [] } as const;

/**
 * Every type of event, each in one row. Adding an event means adding its schema and its row here. The version is part of the
 * type; data that old readers cannot read is a new type.
 */
export const EVENT_CATALOGUE: { readonly [Type in EventType]: EventDefinition<Type> } = {
  'dev.opensync.session.synced.v1': {
    entity: 'session',
    schema: sessionSyncedSchema,
    upcasters: [],
    documentId: ({ sessionId }) => sessionId,
    session: ({ sessionId }) => sessionId,
    touched: ({ sessionId }) => ({ session: sessionId }),
    fold: { session: sessionOfSession },
    words: ['session'],
    payloads: () => [],
  },
  'dev.opensync.session.curated.v1': {
    entity: 'curation',
    schema: sessionCuratedSchema,
    upcasters: [],
    documentId: ({ sessionId }) => sessionId,
    session: ({ sessionId }) => sessionId,
    touched: ({ sessionId }) => ({ session: sessionId }),
    fold: { session: sessionOfCuration },
    words: ['session'],
    payloads: ({ publication }) => [publication?.snapshot],
  },
  'dev.opensync.session.deleted.v1': {
    entity: 'session',
    schema: sessionDeletedSchema,
    upcasters: [],
    documentId: ({ sessionId }) => sessionId,
    session: ({ sessionId }) => sessionId,
    touched: ({ sessionId }) => ({ session: sessionId }),
    fold: { session: sessionOfDeletion },
    words: ['session'],
    deletes: ({ sessionId }) => sessionId,
    payloads: () => [],
  },
  'dev.opensync.message.synced.v1': {
    entity: 'message',
    schema: messageSyncedSchema,
    upcasters: [],
    documentId: ({ messageId }) => messageId,
    session: ({ sessionId }) => sessionId,
    touched: ({ sessionId, messageId }) => ({ session: sessionId, message: messageId }),
    fold: { session: sessionOfMessage, message: evolveMessage },
    words: ['session', 'message'],
    replacesParts: ({ partCount }) => partCount !== undefined,
    payloads: ({ textRef, media = [] }) => [textRef, ...media],
  },
  'dev.opensync.part.synced.v1': {
    entity: 'part',
    schema: partSyncedSchema,
    upcasters: [upcastPart],
    documentId: ({ partId }) => partId,
    session: ({ sessionId }) => sessionId,
    // A part does not change its session, except that a failed tool call counts there; the message that came with it does.
    touched: ({ sessionId, messageId, partId, ...part }) => ({
      message: messageId,
      part: partId,
      ...(isFailedPart(part) && { session: sessionId }),
    }),
    fold: { session: (session) => session, part: evolvePart },
    words: ['message'],
    payloads: ({ contentRef, extraRef, media = [] }) => [contentRef, extraRef, ...media],
    atomicWithPrevious: true,
  },
  'dev.opensync.user.put.v1': {
    ...PEOPLE,
    schema: userPutSchema,
    documentId: ({ userId }) => userId,
    touched: ({ userId }) => ({ user: userId }),
    fold: { user: (user, { data, sequence }) => later(user, { ...data, sequence }) },
  },
  'dev.opensync.user.removed.v1': {
    ...PEOPLE,
    schema: userRemovedSchema,
    documentId: ({ userId }) => userId,
    touched: ({ userId }) => ({ user: userId }),
    fold: { user: (user, { data, sequence }) => later(user, { ...data, sequence, removed: true }) },
  },
  'dev.opensync.workspace.put.v1': {
    ...PEOPLE,
    schema: workspacePutSchema,
    documentId: ({ workspaceId }) => workspaceId,
    touched: ({ workspaceId }) => ({ workspace: workspaceId }),
    fold: { workspace: (workspace, { data, sequence }) => later(workspace, { ...data, sequence }) },
  },
  'dev.opensync.membership.put.v1': {
    ...PEOPLE,
    schema: membershipPutSchema,
    documentId: ownerKey,
    touched: (data) => ({ membership: ownerKey(data) }),
    fold: { membership: (membership, { data, sequence }) => later(membership, { ...data, sequence }) },
  },
  'dev.opensync.membership.removed.v1': {
    ...PEOPLE,
    schema: membershipRemovedSchema,
    documentId: ownerKey,
    touched: (data) => ({ membership: ownerKey(data) }),
    fold: { membership: (membership, { data, sequence }) => later(membership, { ...data, sequence }) },
  },
  // The bucket of keys holds the permissions of a key; these events say who created and revoked it.
  'dev.opensync.apikey.created.v1': {
    ...PEOPLE,
    entity: 'apikey',
    schema: apiKeyCreatedSchema,
    documentId: ({ keyId }) => keyId,
    touched: () => ({}),
    fold: {},
  },
  'dev.opensync.apikey.revoked.v1': {
    ...PEOPLE,
    entity: 'apikey',
    schema: apiKeyRevokedSchema,
    documentId: ({ keyId }) => keyId,
    touched: () => ({}),
    fold: {},
  },
  'dev.opensync.user.erased.v1': {
    entity: 'erasure',
    schema: userErasedSchema,
    upcasters: [],
    documentId: ({ userId }) => userId,
    session: () => ERASURE,
    touched: () => ({ session: ERASURE }),
    fold: { session: sessionOfErasure },
    words: ['session'],
    deletes: () => ERASURE,
    erases: true,
    payloads: () => [],
  },
};

const TYPES = new Map(Object.keys(EVENT_CATALOGUE).map((type) => [type, type as EventType]));

/** Whether this process knows events of the type. */
export function isEventType(type: string | undefined): type is EventType {
  return type !== undefined && TYPES.has(type);
}

/** The type as the catalogue's own string: a string read from a header is slow to look up repeatedly. */
export function internedType(type: EventType): EventType {
  return TYPES.get(type)!;
}

/** The row of any event's type. The cast is safe because an event and its row always match. */
export function definitionOf<Type extends EventType>(type: Type): EventDefinition {
  return EVENT_CATALOGUE[type] as unknown as EventDefinition;
}

/** Whether an event belongs to the history of a session; the others are about people and change no stored document. */
export function isSessionEvent({ type }: Pick<StoredEvent, 'type'>): boolean {
  return definitionOf(type).session !== undefined;
}

/** The session whose history an event belongs to. The event must be a session event: {@link isSessionEvent}. */
export function sessionIdOfEvent({ type, data }: Pick<StoredEvent, 'type' | 'data'>): string {
  return definitionOf(type).session!(data);
}

/** The documents that an event touches. */
export function touchedBy({ type, data }: Pick<StoredEvent, 'type' | 'data'>): TouchedDocuments {
  return definitionOf(type).touched(data);
}

/**
 * The document after one more event; the state itself if the event does not touch documents of the kind or changes nothing. Pure;
 * events may come in any order and any number of times. Events about other documents must not be passed.
 */
export function evolve<Kind extends keyof Folded>(
  kind: Kind,
  state: Folded[Kind] | undefined,
  event: StoredEvent,
): Folded[Kind] | undefined {
  const fold = definitionOf(event.type).fold[kind];
  return fold ? fold(state, event as never) : state;
}

/** A session after one more event, as {@link evolve}. */
export function evolveSession(state: SessionState | undefined, event: StoredEvent): SessionState | undefined {
  return evolve('session', state, event);
}

/** The SHA-256 of every payload that an event refers to, each once: large content and blobs of the event's owner. Pure. */
export function payloadsOf({ type, data }: Pick<StoredEvent, 'type' | 'data'>): string[] {
  const stored = definitionOf(type).payloads(data);
  return [...new Set(stored.flatMap((content) => (content ? [content.sha256] : [])))];
}
