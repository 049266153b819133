import type {
  MessageState,
  MessageWithParts,
  Owner,
  PartState,
  SessionRollup,
  SessionState,
} from '@opensync/contracts';
import type { StoreDescription } from '../description.ts';

/** A state with the revision it was loaded at; 0 for a document that is not stored yet. */
export type Revised<State> = State & { readonly revision: number };

export interface LoadedDocuments {
  /** By session id, as stored. */
  readonly sessions: ReadonlyMap<string, Revised<SessionState>>;
  /**
   * For every id in `rollups`, stored or not: counted over the owner's stored messages of that session,
   * after the revisions were read. That order makes saving safe: who saves with this revision has counted every
   * message that any earlier winner had counted.
   */
  readonly rollups: ReadonlyMap<string, SessionRollup>;
  /** By message id, each with all its parts. A message whose parts alone are known has no `message`. */
  readonly messages: ReadonlyMap<string, MessageWithParts & { readonly revision: number }>;
}

export interface SavedDocuments {
  readonly sessions: readonly Revised<SessionState>[];
  readonly messages: readonly Revised<MessageState>[];
  readonly parts: readonly PartState[];
}

/** Filters of `GET /api/sessions`; all that are set must hold. Times are milliseconds since the epoch, `to` exclusive. */
export interface SessionFilter {
  readonly source?: string;
  readonly model?: string;
  /** Matches the project's name or its whole path. */
  readonly project?: string;
  readonly from?: number;
  readonly to?: number;
}

export type SessionSort = 'createdAt' | 'updatedAt';

export interface SessionQuery extends SessionFilter {
  readonly limit: number;
  readonly sort: SessionSort;
  readonly order: 'asc' | 'desc';
  /** Keyset: continue after the session with this sort value and id. */
  readonly after?: { readonly value: number; readonly id: string };
}

export interface MessageQuery {
  readonly limit: number;
  /** Keyset: continue after the message with this creation time and arrival sequence. */
  readonly after?: { readonly createdAt: number; readonly sequence: number };
}

/** Totals over one owner's documents. */
export interface OwnerStats {
  readonly sessions: number;
  readonly messages: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
  readonly cost: number;
  readonly durationMs: number;
  readonly bySource: Readonly<Record<string, number>>;
  readonly byModel: Readonly<Record<string, number>>;
}

/**
 * Folded documents. An implementation must not fold, must not look at a clock, and must not let a read
 * cross owners: every read takes the owner first and ids of others are as if they did not exist.
 * Failures are StoreUnavailableError (worth retrying) or plain bugs; vendor errors never leave an adapter.
 */
export interface DocumentStore {
  load(
    owner: Owner,
    ids: { sessions?: readonly string[]; messages?: readonly string[]; rollups?: readonly string[] },
  ): Promise<LoadedDocuments>;
  /**
   * Saves each session and message whose stored revision still is the one given (0: not stored), under the
   * next revision; a part where its sequence is higher than the stored one, or equal and newly retired.
   * Returns the ids of sessions and messages that lost the race: load, fold and save those again.
   */
  save(documents: SavedDocuments): Promise<readonly string[]>;
  /** One page in keyset order, at most `limit`. */
  sessions(owner: Owner, query: SessionQuery): Promise<SessionState[]>;
  /** A session's messages by creation time, then arrival, each with its parts; at most `limit`. */
  messages(
    owner: Owner,
    sessionId: string,
    query: MessageQuery,
  ): Promise<(MessageWithParts & { message: MessageState })[]>;
  stats(owner: Owner): Promise<OwnerStats>;
  /**
   * What and how much is stored, over all owners; throws StoreUnavailableError where it does not answer. Counts may be
   * estimates unless they must be exact, which takes its time in a large store.
   */
  describe(options?: { readonly exact?: boolean }): Promise<StoreDescription>;
  close(): Promise<void>;
}
