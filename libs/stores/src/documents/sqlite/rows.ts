import {
  isHidden,
  isTextHead,
  messageFacts,
  needsReview,
  messageOutline,
  packMessageOutline,
  partOutline,
  recognizedMessage,
  recognizedPart,
  recognizedSession,
  sessionView,
  type MessageFacts,
  type MessageHead,
  type MessageState,
  type Owner,
  type PartState,
  type SessionState,
} from '@opensync/contracts';
import { sessionLabels } from '../../session-labels.ts';
import { bodiesOf, textHeadOf } from '../heads.ts';
import { toolIn } from '../outlines.ts';
import type { Revised, SavedDocuments } from '../port.ts';
import { HAS, NAMES } from './has.ts';
import { GONE } from './schema.ts';

/**
 * Rows as they cross to the writing thread: built here, where the fold's types are known, so that the thread only
 * binds them. Flat tuples of text and numbers are cheapest to clone.
 */
export interface Rows {
  readonly owners: readonly Owner[];
  readonly sessions: readonly SessionRow[];
  readonly messages: readonly MessageRow[];
  readonly parts: readonly PartRow[];
  /** Owners and ids of the messages whose replaced parts must be retired. */
  readonly settle: readonly (readonly [owner: number, id: string])[];
  /** Owners and ids of further sessions whose figures are due. */
  readonly touched: readonly (readonly [owner: number, id: string])[];
}

/** `owner` is an index into {@link Rows.owners}; a row begins with the identity, followed by the loaded revision. */
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
  cacheReadTokens: number,
  cacheWriteTokens: number,
  reasoningTokens: number,
  state: string,
  trashedAt: number | null,
  /** Of its public link. */
  publicHash: string | null,
  /** 1: it waits for a verdict. */
  inReview: number,
  labels: string,
  /** The external id of the session whose agent started this one. */
  parent: string | null,
  /** 1: the members of the workspace may see it. */
  shared: number,
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
  cacheReadTokens: number,
  cacheWriteTokens: number,
  reasoningTokens: number,
  cost: number,
  toolCalls: number,
  factsVersion: number,
  requestId: string | null,
  /** The bits of {@link HAS}. */
  has: number,
  outline: string,
  state: string,
  /** 1: the stored one stays. */
  keepsText: number,
  text: string | null,
];

export type PartRow = readonly [
  owner: number,
  messageId: string,
  id: string,
  sessionId: string,
  place: number,
  sequence: number,
  retired: number,
  type: string,
  bytes: number,
  ref: string | null,
  content: string | null,
  extraRef: string | null,
  extra: string | null,
  media: string | null,
  unknown: string | null,
  facts: string | null,
  call: string | null,
];

/** A part as the reading thread gives it. */
export type StoredPart = readonly [
  messageId: string,
  id: string,
  sessionId: string,
  place: number,
  sequence: number,
  retired: number,
  type: string,
  ref: string | null,
  content: string | null,
  extraRef: string | null,
  extra: string | null,
  media: string | null,
  unknown: string | null,
  facts: string | null,
];

/** The fold's states as rows. */
export function rowsOf({ sessions, messages, parts, settle = [], touched = [] }: SavedDocuments): Rows {
  const owners: Owner[] = [];
  const indexOf = (owner: Owner): number => {
    for (let at = 0; at < owners.length; at++) if (isSameOwner(owners[at]!, owner)) return at;
    return owners.push(owner) - 1;
  };
  return {
    sessions: sessions.map((session) => sessionRow(indexOf(session.owner), session)),
    messages: messages.map((message) => messageRow(indexOf(message.owner), message)),
    parts: parts.map((part) => partRow(indexOf(part.owner), part)),
    settle: settle.map(({ owner, id }) => [indexOf(owner), id]),
    touched: touched.map(({ owner, sessionId }) => [indexOf(owner), sessionId]),
    owners,
  };
}

function isSameOwner(one: Owner, other: Owner): boolean {
  return one === other || (one.workspaceId === other.workspaceId && one.userId === other.userId);
}

function sessionRow(owner: number, session: Revised<SessionState>): SessionRow {
  // The columns hold the readers' view, so that a filter finds what a list shows.
  const view = sessionView(session);
  const hidden = isHidden(session);
  const { trashedAt = null, publication } = session.fields;
  return [
    owner,
    session.id,
    session.revision,
    hidden ? GONE : view.createdAt,
    hidden ? GONE : view.updatedAt,
    view.source,
    view.model,
    view.projectName,
    view.projectPath,
    view.promptTokens,
    view.completionTokens,
    view.totalTokens,
    view.cost,
    view.durationMs,
    view.cacheReadTokens,
    view.cacheWriteTokens,
    view.reasoningTokens,
    stateText(session),
    trashedAt,
    hidden ? null : (publication?.hash ?? null),
    !hidden && needsReview(session) ? 1 : 0,
    sessionLabels(session),
    hidden ? null : (session.fields.parentExternalId ?? null),
    !hidden && view.visibility === 'workspace' ? 1 : 0,
  ];
}

function messageRow(owner: number, message: Revised<MessageHead>): MessageRow {
  const { fields } = message;
  const { text } = fields;
  const head = typeof text === 'string' ? textHeadOf(text) : undefined;
  const facts = messageFacts(message);
  return [
    owner,
    message.id,
    message.revision,
    message.sessionId,
    facts.createdAt,
    message.span.firstSequence,
    facts.promptTokens,
    facts.completionTokens,
    facts.cacheReadTokens,
    facts.cacheWriteTokens,
    facts.reasoningTokens,
    facts.cost,
    facts.toolCallCount,
    facts.version,
    facts.requestId,
    hasOf(message, facts),
    packMessageOutline(messageOutline(message, facts)),
    stateText(head ? { ...message, fields: { ...fields, text: head } } : message),
    isTextHead(text) ? 1 : 0,
    head ? JSON.stringify(text) : null,
  ];
}

function hasOf({ fields: { media } }: MessageHead, facts: MessageFacts): number {
  const named = NAMES.reduce((bits, name) => (facts[name] === null ? bits : bits | HAS[name]), 0);
  return media === undefined ? named : named | HAS.media;
}

function partRow(owner: number, part: PartState): PartRow {
  const { id, messageId, sessionId, order, sequence, retired, type } = part;
  const { content, extra, bytes } = bodiesOf(part);
  const json = (value: object | undefined) => (value ? JSON.stringify(value) : null);
  const [ref, extraRef] = [json(part.contentRef), json(part.extraRef)];
  const outline = partOutline(part);
  const facts = [json(outline), outline?.callId ?? null] as const;
  const columns = [type, bytes, ref, content, extraRef, extra, json(part.media), json(part.unknown), ...facts] as const;
  return [owner, messageId, id, sessionId, order, sequence, retired ? 1 : 0, ...columns];
}

/** The owner and the revision are columns; keeping them out of the text saves a tenth of a small row. */
function stateText(state: SessionState | MessageHead): string {
  return JSON.stringify({ ...state, owner: undefined, revision: undefined });
}

/** The session of a row of this owner. */
export function readSession(owner: Owner, text: string): SessionState {
  return recognizedSession({ ...(JSON.parse(text) as SessionState), owner });
}

/** The message's head of a row of this owner. */
export function readHead(owner: Owner, text: string): MessageHead {
  return recognizedMessage({ ...(JSON.parse(text) as MessageHead), owner });
}

/** The whole message of this owner; its text is JSON. */
export function readMessage(owner: Owner, state: string, text: string | null): MessageState {
  const head = readHead(owner, state);
  // Without a text of its own, the row is complete.
  if (text === null) return head as MessageState;
  return { ...head, fields: { ...head.fields, text: JSON.parse(text) as string } };
}

export function readPart(owner: Owner, row: StoredPart): PartState {
  const [messageId, id, sessionId, place, sequence, retired, type, ref, content, ...others] = row;
  const [extraRef, extra, media, unknown, facts] = others;
  return recognizedPart({
    id,
    owner,
    messageId,
    sessionId,
    order: place,
    sequence,
    type,
    ...(content !== null && { content: JSON.parse(content) as PartState['content'] }),
    ...(ref !== null && { contentRef: JSON.parse(ref) as PartState['contentRef'], ...toolIn(facts) }),
    ...(extra !== null && { extra: JSON.parse(extra) as PartState['extra'] }),
    ...(extraRef !== null && { extraRef: JSON.parse(extraRef) as PartState['extraRef'] }),
    ...(media !== null && { media: JSON.parse(media) as PartState['media'] }),
    ...(unknown !== null && { unknown: JSON.parse(unknown) as PartState['unknown'] }),
    ...(retired && { retired: true as const }),
  });
}
