import type {
  MessageHead,
  MessageOutline,
  MessageState,
  Owner,
  PartOutline,
  PartState,
  Place,
  Reader,
  SessionRollup,
  SessionState,
} from '@opensync/contracts';
import type { StoreDescription } from '../description.ts';
import type { FigureStore, SessionRef } from './figures-port.ts';
import type { ListFilter } from '../filters.ts';
import type { Positioned, Reaching } from '../position/port.ts';

/** A state with the revision it was loaded at; 0 for a document that is not stored yet. */
export type Revised<State> = State & { readonly revision: number };

export interface LoadedDocuments {
  /** By session id, as stored. */
  readonly sessions: ReadonlyMap<string, Revised<SessionState>>;
  /** Deleted sessions and those in the trash (contracts' `isHidden`), by id. Readers must not get them. */
  readonly gone: ReadonlyMap<string, Revised<SessionState>>;
  /**
   * For every id in `rollups`, stored or not: contracts' `rollupOf` over the owner's stored messages of that session,
   * read after the revisions. That order makes saving safe: a save with this revision has counted every message that
   * any earlier winner had counted.
   */
  readonly rollups: ReadonlyMap<string, SessionRollup>;
  /** By message id, as stored. */
  readonly messages: ReadonlyMap<string, Revised<MessageHead>>;
}

export interface SavedDocuments {
  readonly sessions: readonly Revised<SessionState>[];
  /** If the text is a TextHead, the stored text stays. */
  readonly messages: readonly Revised<MessageHead>[];
  /** Ids of messages whose stored state is discarded: it was built from events before a deletion. */
  readonly replaced?: ReadonlySet<string>;
  readonly parts: readonly PartState[];
  /** Messages that may have been sent again with other parts: the replaced ones must be retired. */
  readonly settle?: readonly MessageRef[];
  /** Sessions that are not among `sessions` although a message or part of theirs was saved: their figures are due. */
  readonly touched?: readonly SessionRef[];
  /**
   * The latest event in these documents. Stored in the same commit if the engine has transactions: see {@link
   * Reaching}.
   */
  readonly reach?: number | undefined;
  /**
   * False: a power failure may undo this until a later save has resolved, so an engine can leave out a sync. Default
   * true.
   */
  readonly durable?: boolean;
}

export interface Removal {
  /** Messages whose parts may be stored without them. */
  readonly messageIds?: readonly string[];
  /** Messages that are removed even if they are mixed. */
  readonly mixedIds?: readonly string[];
}

export interface MessageRef {
  readonly owner: Owner;
  readonly id: string;
}

export type SessionSort = 'createdAt' | 'updatedAt';

export interface SessionQuery extends ListFilter {
  readonly limit: number;
  readonly sort: SessionSort;
  readonly order: 'asc' | 'desc';
  /** Keyset: continue after the session with this sort value and id. */
  readonly after?: { readonly value: number; readonly id: string };
  /** Only sessions that wait for a verdict (contracts' `needsReview`). */
  readonly inReview?: true | undefined;
}

/** A session in the trash. */
export interface TrashedSession {
  readonly owner: Owner;
  readonly id: string;
  readonly trashedAt: number;
}

export interface TrashQuery {
  /** Of this owner alone; by default of all. */
  readonly owner?: Owner | undefined;
  /** Put into the trash before this time, milliseconds since the epoch. */
  readonly before: number;
  readonly limit: number;
  /** Keyset: continue after this one. */
  readonly after?: TrashedSession | undefined;
}

/** See contracts' `Place`. */
export type MessagePlace = Place;

export interface MessageKey extends MessagePlace {
  readonly id: string;
}

export interface MessageQuery {
  readonly limit: number;
  /** From the first message on, or from the last one back; default `asc`. */
  readonly order?: 'asc' | 'desc';
  /** Keyset: continue after this place, in that order. */
  readonly after?: MessagePlace;
}

/** A message without its bodies, and their size. */
export interface MessageSummary {
  readonly message: MessageHead;
  readonly parts: PartTotals;
  /** Text and parts together, wherever they are stored: in UTF-8, parts as JSON. */
  readonly bytes: number;
}

/** What a viewer needs of a message before it reads its bodies, with its current parts in order. */
export interface OutlinedMessage extends MessageKey {
  readonly outline: MessageOutline;
  readonly parts: readonly OutlinedPart[];
}

export interface OutlinedPart {
  readonly order: number;
  readonly type: string;
  /** Undefined for parts that an earlier version has stored. */
  readonly facts?: PartOutline | undefined;
}

export interface OutlinedMessages {
  /** At least one if there are any. */
  readonly messages: readonly OutlinedMessage[];
  /** Whether the last message of the session, in that order, is among them. */
  readonly isLast: boolean;
}

/** A tool call, or its result, with the place of its message. */
export interface ToolPart extends MessagePlace {
  readonly callId: string;
  readonly messageId: string;
  readonly order: number;
  readonly type: string;
  readonly facts: PartOutline;
}

/** Over all parts of a message, including replaced ones. */
export interface PartTotals {
  /** As contracts' `partsVersion`. */
  readonly version: number;
  /** The highest sequence; 0 without parts. */
  readonly lastSequence: number;
}

/** A message with its text and all its parts. */
export interface WholeMessage {
  readonly message: MessageState;
  readonly parts: readonly PartState[];
}

export interface WholeMessages {
  readonly messages: readonly WholeMessage[];
  /** The ids that were not read, in order. */
  readonly rest: readonly string[];
}

/** Totals over the sessions that a reader may see. */
export interface Stats {
  readonly sessions: number;
  readonly messages: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly totalTokens: number;
  readonly cost: number;
  readonly durationMs: number;
  readonly bySource: Readonly<Record<string, number>>;
  readonly byModel: Readonly<Record<string, number>>;
}

/**
 * Folded documents. A message is separate from its bodies (a long text, the contents of its parts), which can be
 * megabytes: an implementation must return bodies only from `wholeMessages`, and must not hold more of them than the
 * caller asked for. It must not fold, must not read a clock, and must not let a read leave its scope: every read
 * takes the scope first, and ids outside of it behave as if they did not exist. Only the session knows whether it is
 * shared, so its messages are read in the scope of its owner after `sessionsById` has returned it. Failures are
 * StoreUnavailableError (worth retrying) or plain bugs; vendor errors never leave an adapter.
 */
export interface DocumentStore extends Positioned, Reaching, FigureStore {
  load(
    owner: Owner,
    ids: { sessions?: readonly string[]; messages?: readonly string[]; rollups?: readonly string[] },
  ): Promise<LoadedDocuments>;
  /**
   * Saves each session and message whose stored revision is still the given one (0: not stored), under the next
   * revision; a part if its sequence is higher than the stored one, or equal and newly retired. Then settles: retires
   * each stored part that its stored message has replaced (contracts' `isReplacedPart`), with a statement that does
   * not transfer the contents. Returns the ids of sessions and messages that lost the race: load, fold and save those
   * again.
   */
  save(documents: SavedDocuments): Promise<readonly string[]>;
  /**
   * Removes a session's parts that were set before a sequence, and its messages that no later event has touched.
   * Returns the ids of mixed messages, which earlier and later events have touched: they stay.
   */
  removeBefore(owner: Owner, sessionId: string, sequence: number, removal?: Removal): Promise<readonly string[]>;
  /** Whether `removeBefore` would find anything: a message of the session, or a part of one, set before a sequence. */
  hasBefore(owner: Owner, sessionId: string, sequence: number): Promise<boolean>;
  /**
   * The ids of deleted sessions and of those in the trash in order, at most `limit`. Apart from `load` and `trashed`, no
   * other read returns such a session.
   */
  goneSessions(owner: Owner, query: { readonly after?: string; readonly limit: number }): Promise<readonly string[]>;
  /** Sessions in the trash, oldest first: over all owners for the process that empties it. */
  trashed(query: TrashQuery): Promise<readonly TrashedSession[]>;
  /** The session whose public link has this hash, of any owner: anyone with the link may read its snapshot. */
  published(hash: string): Promise<SessionState | undefined>;
  /** Those of these sessions that the reader may see, by id. */
  sessionsById(reader: Reader, ids: readonly string[]): Promise<ReadonlyMap<string, SessionState>>;
  /** The ids of those of these sessions that the reader may see, for many more than `sessionsById` returns. */
  visibleIds(reader: Reader, ids: readonly string[]): Promise<readonly string[]>;
  /** One page of the sessions that the reader may see, in keyset order, at most `limit`. */
  sessions(reader: Reader, query: SessionQuery): Promise<SessionState[]>;
  /**
   * The sessions that name this session of `owner` as the one whose agent started them, oldest first, at most `limit`: those
   * that the reader may see. All belong to its owner. Found by an index: exports ask it of every session.
   */
  startedBy(
    reader: Reader,
    parent: Pick<SessionState, 'owner' | 'externalId'>,
    query: { readonly limit: number },
  ): Promise<readonly SessionState[]>;
  /** The keys of a session's messages in that order; at most `limit`. */
  messageKeys(owner: Owner, sessionId: string, query: MessageQuery): Promise<MessageKey[]>;
  /**
   * The outlines of a session's messages in order, at most `limit`, and fewer if they are large, or more would keep other
   * reads waiting. From columns, never from bodies: messages that an earlier version has stored are outlined from their heads.
   */
  messageOutlines(owner: Owner, sessionId: string, query: MessageQuery): Promise<OutlinedMessages>;
  /**
   * The current tool calls and tool results of a session with one of these call ids, in the order of the session; at
   * most TOOL_PARTS_PER_CALL for each id.
   */
  toolParts(owner: Owner, sessionId: string, callIds: readonly string[]): Promise<ToolPart[]>;
  /** By id, those that are stored. */
  messageSummaries(owner: Owner, ids: readonly string[]): Promise<ReadonlyMap<string, MessageSummary>>;
  /**
   * Those that are stored, in the order of `ids`, until their bytes reach `maxBytes`; at least one, however large, so
   * that a caller that continues with `rest` reaches the end.
   */
  wholeMessages(owner: Owner, ids: readonly string[], maxBytes: number): Promise<WholeMessages>;
  /**
   * The ids of messages of a session that name a blob in their text or a part, newest first; at most 100. Check the
   * message for whether it still has the blob.
   */
  messagesWithMedia(owner: Owner, sessionId: string, sha256: string): Promise<readonly string[]>;
  /**
   * By message id, the beginning of its text, or of its text parts if it has no text: at most EXCERPT_CHARACTERS.
   * Messages without either are absent.
   */
  excerpts(owner: Owner, ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  stats(reader: Reader): Promise<Stats>;
  /**
   * The stored amounts, over all owners; throws StoreUnavailableError if the store does not answer. Counts may be
   * estimates unless they must be exact, which is slow in a large store.
   */
  describe(options?: { readonly exact?: boolean }): Promise<StoreDescription>;
  close(): Promise<void>;
}
