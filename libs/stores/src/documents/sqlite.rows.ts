import {
  messageCreatedAt,
  sessionView,
  type MessageState,
  type Owner,
  type PartState,
  type SessionState,
} from '@opensync/contracts';
import type { Revised, SavedDocuments } from './port.ts';

/**
 * Rows as they cross to the writing thread: made here, where the fold's types are known, so that the thread only
 * binds them. Flat tuples of text and numbers are the cheapest thing to clone.
 */
export interface Rows {
  readonly owners: readonly Owner[];
  readonly sessions: readonly SessionRow[];
  readonly messages: readonly MessageRow[];
  readonly parts: readonly PartRow[];
}

/** `owner` is an index into {@link Rows.owners}; a row begins with the identity, the loaded revision follows. */
export type SessionRow = readonly [
  owner: number,
  id: string,
  revision: number,
  createdAt: number,
  updatedAt: number,
  source: string,
  model: string | null,
  projectName: string | null,
  projectPath: string | null,
  promptTokens: number,
  completionTokens: number,
  totalTokens: number,
  cost: number,
  durationMs: number,
  state: string,
];

export type MessageRow = readonly [
  owner: number,
  id: string,
  revision: number,
  sessionId: string,
  createdAt: number,
  sequence: number,
  promptTokens: number,
  completionTokens: number,
  cost: number,
  state: string,
];

export type PartRow = readonly [
  owner: number,
  messageId: string,
  id: string,
  sequence: number,
  retired: number,
  state: string,
];

/** What the fold's states are as rows. */
export function rowsOf({ sessions, messages, parts }: SavedDocuments): Rows {
  const owners: Owner[] = [];
  const indexOf = (owner: Owner): number => {
    const known = owners.findIndex((o) => o.workspaceId === owner.workspaceId && o.userId === owner.userId);
    return known >= 0 ? known : owners.push(owner) - 1;
  };
  return {
    sessions: sessions.map((session) => sessionRow(indexOf(session.owner), session)),
    messages: messages.map((message) => messageRow(indexOf(message.owner), message)),
    parts: parts.map((part) => partRow(indexOf(part.owner), part)),
    owners,
  };
}

function sessionRow(owner: number, session: Revised<SessionState>): SessionRow {
  // The columns hold what readers see, so that a filter finds what a list shows.
  const view = sessionView(session);
  return [
    owner,
    session.id,
    session.revision,
    view.createdAt,
    view.updatedAt,
    view.source,
    view.model,
    view.projectName,
    view.projectPath,
    view.promptTokens,
    view.completionTokens,
    view.totalTokens,
    view.cost,
    view.durationMs,
    stateText(session),
  ];
}

function messageRow(owner: number, message: Revised<MessageState>): MessageRow {
  const { fields } = message;
  return [
    owner,
    message.id,
    message.revision,
    message.sessionId,
    messageCreatedAt(message),
    message.span.firstSequence,
    fields.promptTokens ?? 0,
    fields.completionTokens ?? 0,
    fields.cost ?? 0,
    stateText(message),
  ];
}

function partRow(owner: number, part: PartState): PartRow {
  return [owner, part.messageId, part.id, part.sequence, part.retired ? 1 : 0, stateText(part)];
}

/** The owner and the revision are columns; keeping them out of the text saves a tenth of a small row. */
function stateText(state: SessionState | MessageState | PartState): string {
  return JSON.stringify({ ...state, owner: undefined, revision: undefined });
}

/** The state of a row of this owner. */
export function readState<State extends { readonly owner: Owner }>(owner: Owner, text: string): State {
  return Object.assign(JSON.parse(text) as Omit<State, 'owner'>, { owner }) as State;
}

/** The same with the revision it is stored under. */
export function readRevised<State extends { readonly owner: Owner }>(
  owner: Owner,
  { revision, state }: { readonly revision: number; readonly state: string },
): Revised<State> {
  return Object.assign(readState<State>(owner, state), { revision });
}
