import type { Owner, SessionState } from '@opensync/contracts';
import type { ByteBudget } from '@opensync/platform';
import type { SessionHeading, WholeMessage } from '@opensync/stores';
import type { IndexRefusal } from './change-batch.ts';
import type { WorkTurn } from './work-turn.ts';

/** The stored facts of an index about a session or message. */
export interface IndexedRow extends Omit<SessionHeading, 'title'> {
  readonly sessionId: string;
  readonly version: number;
  readonly headingVersion: number;
}

/** An index to keep up to date. Both indexers implement this, over different stores. */
export interface DocumentIndex {
  /** Memory for whole messages on their way into this index; a slow index must not block another. */
  readonly budget: ByteBudget;
  /** Whether messages take so long that sessions take turns; otherwise they are written in the order of the changes. */
  readonly inTurns?: boolean;
  /** The stored facts about these sessions and messages. */
  indexed(owner: Owner, ids: readonly string[]): Promise<ReadonlyMap<string, IndexedRow>>;
  /** Removes all rows of these sessions. */
  remove(owner: Owner, sessionIds: readonly string[]): Promise<unknown>;
  /**
   * Writes these in order, until the turn ends (default: never). Unfinished documents are left to the next turn.
   * Returns those that the store will never accept.
   */
  writeSessions(owner: Owner, sessions: readonly SessionState[], turn?: WorkTurn): Promise<readonly IndexRefusal[]>;
  /** As writeSessions. All at once: remote stores accept hundreds of rows as fast as one. */
  writeMessages(owner: Owner, of: readonly SessionMessages[], turn?: WorkTurn): Promise<readonly IndexRefusal[]>;
}

export interface SessionMessages {
  readonly session: SessionState;
  readonly messages: readonly WholeMessage[];
}
