import {
  maySee,
  messageCreatedAt,
  sessionView,
  type AppliedChange,
  type MessageHead,
  type Owner,
  type Positions,
  type SessionState,
} from '@opensync/contracts';
import { sessionMatches, type LoadedDocuments } from '@opensync/stores';
import type { LiveKind, LiveWish } from './live-request.ts';

/** A change of one owner's documents, for the readers who may see it. */
export interface LiveEvent {
  readonly kind: LiveKind;
  /** The `event` of the frame. */
  readonly name: LiveKind | 'gone';
  readonly owner: Owner;
  readonly sessionId: string;
  /** Undefined if no reader may see it any more. */
  readonly session: SessionState | undefined;
  /** Whether other members of the workspace have seen the session. */
  readonly wasShared: boolean;
  readonly data: object;
}

/**
 * The events of changes, in their order, from what the documents say now. Never bodies: a reader asks for those with
 * the key that decides what it may see.
 */
export function eventsOf(
  owner: Owner,
  changes: readonly AppliedChange[],
  {
    loaded: { sessions, messages },
    positions,
    wasShared,
    isReceiptWanted,
  }: {
    readonly loaded: Pick<LoadedDocuments, 'sessions' | 'messages'>;
    readonly positions: Positions;
    readonly wasShared: (sessionId: string) => boolean;
    readonly isReceiptWanted: boolean;
  },
): LiveEvent[] {
  const events: LiveEvent[] = [];
  const shown = new Set<string>();
  for (const { session: id, message: messageId, sequences } of changes) {
    const session = sessions.get(id);
    const common = { owner, sessionId: id, session, wasShared: wasShared(id) };
    if (!shown.has(id)) {
      shown.add(id);
      events.push(
        session
          ? { ...common, kind: 'session', name: 'session', data: sessionJson(session) }
          : { ...common, kind: 'session', name: 'gone', data: { sessionId: id } },
      );
    }
    const message = messageId === undefined ? undefined : messages.get(messageId);
    if (message && session) events.push({ ...common, kind: 'message', name: 'message', data: messageJson(message) });
    if (isReceiptWanted && sequences.length > 0) {
      const written = sequences.map((sequence) => positions.encode(sequence));
      const data = { sequences: written, sessionId: id, ...(messageId !== undefined && { messageId }) };
      events.push({ ...common, kind: 'receipt', name: 'receipt', data });
    }
  }
  return events;
}

/** Whether a reader asked for an event and may see it. Pure. */
export function isFor({ reader, filter, kinds, sessions }: LiveWish, event: LiveEvent): boolean {
  const { kind, name, owner, sessionId, session } = event;
  if (!kinds.has(kind) || (sessions && !sessions.has(sessionId))) return false;
  const isOwn = owner.userId === reader.userId && owner.workspaceId === reader.workspaceId;
  if (kind === 'receipt') return isOwn;
  if (name === 'gone') return isOwn || event.wasShared;
  const { visibility } = sessionView(session!);
  return maySee(reader, owner, visibility) && sessionMatches(session!, filter);
}

/** Whether the reader has lost access to the session, but may know that it existed. */
export function goneFor({ reader, kinds, sessions }: LiveWish, event: LiveEvent): boolean {
  if (event.name !== 'session' || !event.wasShared || !kinds.has('session')) return false;
  if (sessions && !sessions.has(event.sessionId)) return false;
  return !maySee(reader, event.owner, sessionView(event.session!).visibility);
}

/** What a list shows of a session. */
function sessionJson(session: SessionState): object {
  const { evalNotes: _notes, expectedOutput: _expected, ...shown } = sessionView(session);
  return { _id: session.id, ...shown };
}

function messageJson(message: MessageHead): object {
  const { id, externalId, sessionId, fields } = message;
  return {
    _id: id,
    id,
    externalId,
    sessionId,
    role: fields.role ?? 'unknown',
    model: fields.model ?? null,
    promptTokens: fields.promptTokens ?? 0,
    completionTokens: fields.completionTokens ?? 0,
    cost: fields.cost ?? 0,
    createdAt: messageCreatedAt(message),
  };
}
