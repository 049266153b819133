import type { StoredEvent } from '../events/event.ts';
import {
  sessionCuratedSchema,
  sessionSyncedSchema,
  type SessionCurated,
  type SessionSynced,
} from '../events/schemas.ts';
import type { Owner } from '../owner.ts';
import { isPlaceholderTitle } from '../naming/placeholders.ts';
import { realName } from './message.ts';
import { extendSpan, latest, positive, rankOf, setFields, type Ranks, type Registers, type Span } from './register.ts';
import { EMPTY_ROLLUP, type SessionRollup } from './rollup.ts';
import { keepUnknown, recognized, type Unknown, type UnknownFields } from './unknown.ts';

/** Only a person sets these. Without a visibility, a session is private. */
export type CuratedFields = Omit<SessionCurated, 'sessionId' | 'externalId' | 'title'>;

export type SessionFields = Omit<SessionSynced, 'sessionId' | 'externalId'> &
  CuratedFields & {
    /** The source according to its messages; counts only if no session event named one. */
    messageSource?: string | undefined;
  };

/**
 * How much a title counts: a title set by a person stays whatever a client sends later, and a default never replaces
 * a real title.
 */
export const TITLE_RANK = { placeholder: 0, sent: 1, person: 2 } as const;

/** The latest word of a person counts. */
const CURATED_RANKS: Ranks<CuratedFields> = {
  visibility: latest,
  evalReady: latest,
  evalStatus: latest,
  evalNotes: latest,
  evalTags: latest,
  expectedOutput: latest,
  publication: latest,
  publicUntil: latest,
  trashedAt: latest,
  erasing: latest,
};

const SESSION_RANKS: Ranks<SessionFields> = {
  ...CURATED_RANKS,
  source: latest,
  messageSource: latest,
  title: (title) => (isPlaceholderTitle(title) ? TITLE_RANK.placeholder : TITLE_RANK.sent),
  projectPath: latest,
  projectName: latest,
  model: realName,
  provider: realName,
  endReason: latest,
  parentExternalId: latest,
  forkedFromExternalId: latest,
  createdAt: latest,
  promptTokens: positive,
  completionTokens: positive,
  cacheReadTokens: positive,
  cacheWriteTokens: positive,
  reasoningTokens: positive,
  totalTokens: positive,
  cost: positive,
  durationMs: positive,
  messageCount: positive,
  toolCallCount: positive,
};

export interface SessionState extends Registers<SessionFields> {
  readonly id: string;
  readonly owner: Owner;
  readonly externalId: string;
  readonly span: Span;
  readonly rollup: SessionRollup;
  /** Fields of a newer version. They have no words, and no reader sees them. */
  readonly unknown?: Unknown;
  /** The last time that the session was deleted; absent if it never was. */
  readonly deletion?: SessionDeletion;
}

export interface SessionDeletion {
  /**
   * The stream sequence of the event. Everything that earlier events said about the session, its messages and parts
   * is deleted.
   */
  readonly sequence: number;
  /**
   * The deletion was folded after later events of the session and removed their data too. Every projector that sees
   * this marker folds those events again from the log. The value names the projector that is doing it.
   */
  readonly refold?: true | string;
}

/** Whether the session is deleted and no later event has created it again: only the record of its deletion is left. */
export function isGone({ deletion, span }: Pick<SessionState, 'deletion' | 'span'>): boolean {
  return deletion !== undefined && span.lastSequence <= deletion.sequence;
}

/** Whether the session is in the trash: complete, but no reader sees it until it is taken out. */
export function isTrashed({ fields }: Pick<SessionState, 'fields'>): boolean {
  return fields.trashedAt != null;
}

/** Whether no reader may see the session. */
export function isHidden(state: Pick<SessionState, 'deletion' | 'span' | 'fields'>): boolean {
  return isGone(state) || isTrashed(state);
}

/** Whether a person still has to judge the session: it was never judged, or is to be judged again. */
export function needsReview({ fields: { evalReady, evalStatus } }: Pick<SessionState, 'fields'>): boolean {
  return evalStatus === 'needs_review' || (evalReady === true && evalStatus == null);
}

/**
 * The sequence of the last event by which a person changed the session, 0 if there is none: what a write with `If-Match`
 * depends on. Syncs do not move it, so a session that is still being written can be edited.
 */
export function curationSequence({ sequences, ranks, deletion }: SessionState): number {
  const names = Object.keys(CURATED_RANKS) as (keyof CuratedFields)[];
  const title = ranks?.title === TITLE_RANK.person ? (sequences.title ?? 0) : 0;
  return names.reduce((last, name) => Math.max(last, sequences[name] ?? 0), Math.max(title, deletion?.sequence ?? 0));
}

type EventOf<Type extends StoredEvent['type']> = Extract<StoredEvent, { type: Type }>;

/** The session after one more `session.synced`. Pure; returns the state itself if nothing changes. */
export function sessionOfSession(
  state: SessionState | undefined,
  event: EventOf<'dev.opensync.session.synced.v1'>,
): SessionState {
  return touch(state, event, event.data.externalId, event.data, { unknown: event.unknown });
}

/** The session after one more `message.synced`, which creates it if it is unknown. As above. */
export function sessionOfMessage(
  state: SessionState | undefined,
  event: EventOf<'dev.opensync.message.synced.v1'>,
): SessionState {
  return touch(state, event, event.data.sessionExternalId, { messageSource: event.data.source });
}

/**
 * The session after a person has changed it. As above; a title set by a person outranks all others.
 */
export function sessionOfCuration(
  state: SessionState | undefined,
  event: EventOf<'dev.opensync.session.curated.v1'>,
): SessionState {
  const { externalId, title, sessionId: _, ...fields } = event.data;
  const curated = touch(state, event, externalId, fields, { unknown: event.unknown });
  return title === undefined ? curated : touch(curated, event, externalId, { title }, { rank: TITLE_RANK.person });
}

/**
 * The session after its deletion. The fields alone do not show what later events would have made of an empty session
 * (a zero that a positive amount overruled, or when the session was first seen). A deletion that is folded after such
 * events therefore requests that they are folded again from the log. Pure.
 */
export function sessionOfDeletion(
  state: SessionState | undefined,
  event: EventOf<'dev.opensync.session.deleted.v1'>,
): SessionState {
  const { sequence, time, owner, data } = event;
  if (state?.deletion && state.deletion.sequence >= sequence) return state;
  if (state && state.span.firstSequence > sequence) return { ...state, deletion: { ...state.deletion, sequence } };
  const refold = state !== undefined && (state.span.lastSequence > sequence || state.deletion?.refold !== undefined);
  return {
    id: data.sessionId,
    owner,
    externalId: data.externalId,
    fields: {},
    sequences: {},
    span: extendSpan(undefined, sequence, time),
    rollup: EMPTY_ROLLUP,
    deletion: { sequence, ...(refold && { refold: true as const }) },
  };
}

/**
 * The id of a virtual session of every user that never has content: its deletion records up to which event all data
 * of the user was erased. A projector reads it with every session event, so an event from before the erasure changes
 * nothing.
 */
export const ERASURE = 'ses_erasure';

/** That virtual session after an erasure. Pure. */
export function sessionOfErasure(
  state: SessionState | undefined,
  { id, owner, time, sequence }: EventOf<'dev.opensync.user.erased.v1'>,
): SessionState {
  return sessionOfDeletion(state, deletionBy({ id, owner, time, sequence }, { id: ERASURE, externalId: ERASURE }));
}

/** What an erasure changes in a session of its user. */
export function deletionBy(
  { id, owner, time, sequence }: Pick<StoredEvent, 'id' | 'owner' | 'time' | 'sequence'>,
  session: Pick<SessionState, 'id' | 'externalId'>,
): EventOf<'dev.opensync.session.deleted.v1'> {
  const data = { sessionId: session.id, externalId: session.externalId };
  return { id, type: 'dev.opensync.session.deleted.v1', owner, time, sequence, data };
}

function touch(
  state: SessionState | undefined,
  event: EventOf<
    'dev.opensync.session.synced.v1' | 'dev.opensync.session.curated.v1' | 'dev.opensync.message.synced.v1'
  >,
  externalId: string,
  incoming: SessionFields,
  { rank, unknown: incomingUnknown }: { readonly rank?: number; readonly unknown?: UnknownFields | undefined } = {},
): SessionState {
  if (state?.deletion && event.sequence < state.deletion.sequence) return state;
  const base: Omit<SessionState, 'span'> = state ?? {
    id: event.data.sessionId,
    owner: event.owner,
    externalId,
    fields: {},
    sequences: {},
    rollup: EMPTY_ROLLUP,
  };
  const registers = setFields<SessionFields>(base, incoming, event.sequence, SESSION_RANKS, rank);
  const span = extendSpan(state && !isGone(state) ? state.span : undefined, event.sequence, event.time);
  const unknown = keepUnknown(base.unknown, incomingUnknown, event.sequence);
  if (state && registers === state && span === state.span && unknown === state.unknown) return state;
  return { ...base, ...registers, span, ...(unknown && { unknown }) };
}

const SCHEMAS = { ...sessionCuratedSchema.shape, ...sessionSyncedSchema.shape };

/** A stored session as this version reads it; see {@link recognized}. */
export function recognizedSession<State extends SessionState>(state: State): State {
  return recognized<SessionFields, State>(state, SESSION_RANKS, SCHEMAS);
}

/** The rank of a session field's value; 0 if it is not set. */
export function sessionRank(state: SessionState, name: keyof SessionFields): number {
  return rankOf<SessionFields>(state, name, SESSION_RANKS);
}
