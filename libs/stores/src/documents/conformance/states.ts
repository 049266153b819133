import {
  evolveMessage,
  evolvePart,
  evolveSession,
  messageIdOf,
  partIdOf,
  sessionIdOf,
  sessionView,
  type MessageState,
  type MessageSynced,
  type Owner,
  type PartState,
  type PartSynced,
  type SessionState,
  type SessionSynced,
  type Visibility,
} from '@opensync/contracts';
import { aMessageSynced, anOwner, aPartSynced, aSessionCurated, aSessionSynced } from '@opensync/testkit';
import type { DocumentStore, Revised, SavedDocuments, SessionQuery, WholeMessage } from '../port.ts';

export const ada = anOwner('ada@example.com');
export const bob = anOwner('bob@example.com');
/** Of another workspace. */
export const cid = anOwner('cid@example.com', 'another');

/**
 * Values that an adapter's JSON, text or key handling may break: NUL, surrogate pairs, other scripts, keys with a
 * special meaning.
 */
export const ODD_TEXT = 'a\0b \u0001\u2028 👩‍👩‍👧 \u{10ffff} العربية 日本語 \uffff é e\u0301 \'";--';
export const ODD_CONTENT = JSON.parse(
  '{"__proto__":{"x":1},"$set":{"a.b":[null,false,0,-0.5,1e300,""]},"":{"constructor":"c"},"_id":9007199254740991}',
) as PartSynced['content'];

/** The store of the test that runs. */
export type OpenStore = () => DocumentStore;

export function save(
  store: DocumentStore,
  { sessions = [], messages = [], parts = [], ...others }: Partial<SavedDocuments>,
): Promise<readonly string[]> {
  return store.save({ sessions, messages, parts, ...others });
}

/** The whole message, if it is stored. */
export async function whole(store: DocumentStore, id: string, owner = ada): Promise<WholeMessage | undefined> {
  const { messages, rest } = await store.wholeMessages(owner, [id], 0);
  expect(rest).toEqual([]);
  return messages[0];
}

export interface Arrival {
  readonly owner?: Owner;
  readonly sequence?: number;
  readonly time?: number;
}

export function aSession(
  data: Partial<SessionSynced> = {},
  { owner = ada, sequence = 1, time }: Arrival = {},
): SessionState {
  return evolveSession(undefined, { ...aSessionSynced(data, { owner, time }), sequence })!;
}

export function aMessage(
  data: Partial<MessageSynced> = {},
  { owner = ada, sequence = 1, time }: Arrival = {},
): MessageState {
  return evolveMessage(undefined, { ...aMessageSynced(data, { owner, time }), sequence });
}

/** A part of the message with that external id of Ada's `session-1`. */
export function aPart(
  data: Partial<PartSynced>,
  { message = 'message-1', sequence }: { message?: string; sequence: number },
): PartState {
  const messageId = messageIdOf(sessionIdOf(ada, 'session-1'), message);
  const partId = partIdOf(messageId, data.order ?? 0);
  return evolvePart(undefined, { ...aPartSynced({ messageId, partId, ...data }, { owner: ada }), sequence });
}

export function evolve(session: SessionState, data: Partial<SessionSynced>, sequence: number): SessionState {
  return evolveSession(session, {
    ...aSessionSynced({ externalId: session.externalId, ...data }, { owner: session.owner }),
    sequence,
  })!;
}

/** The session after its owner has set its visibility. */
export function withVisibility(session: SessionState, visibility: Visibility, sequence: number): SessionState {
  const { externalId, owner } = session;
  return evolveSession(session, { ...aSessionCurated({ externalId, visibility }, { owner }), sequence })!;
}

/** A state that is not stored yet. */
export function fresh<State>(state: State): Revised<State> {
  return { ...state, revision: 0 };
}

export function page(query: Partial<SessionQuery> = {}): SessionQuery {
  return { limit: 100, sort: 'createdAt', order: 'desc', ...query };
}

export function by(sort: SessionQuery['sort'], order: SessionQuery['order']) {
  const sign = order === 'asc' ? 1 : -1;
  return (a: SessionState, b: SessionState) =>
    sign * (sessionView(a)[sort] - sessionView(b)[sort] || (a.id < b.id ? -1 : 1));
}

export function byOrder(parts: readonly PartState[]): PartState[] {
  return [...parts].sort((a, b) => a.order - b.order);
}
