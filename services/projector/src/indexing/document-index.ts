import type { Owner, SessionState } from '@opensync/contracts';
import type { ByteBudget } from '@opensync/platform';
import type { SessionHeading, WholeMessage } from '@opensync/stores';
import type { IndexRefusal } from './change-batch.ts';
import type { WorkTurn } from './work-turn.ts';

/** What an index has stored of a session or message. */
export interface IndexedRow extends Omit<SessionHeading, 'title'> {
  readonly sessionId: string;
  readonly version: number;
  readonly headingVersion: number;
}

/** What an index keeps up to date. Both indexers are this, over different stores. */
export interface DocumentIndex {
  /** Whole messages in memory on their way into this index; an index that is slow must not hold up another. */
  readonly budget: ByteBudget;
  /** Whether messages take so long that sessions take turns; else they are written in the order in which they were named. */
  readonly inTurns?: boolean;
  /** What is stored of these sessions and messages. */
  indexed(owner: Owner, ids: readonly string[]): Promise<ReadonlyMap<string, IndexedRow>>;
  /** Removes all rows of these sessions. */
  remove(owner: Owner, sessionIds: readonly string[]): Promise<unknown>;
  /**
   * Writes these in their order, until the turn ends (default: it never does). What is not written whole is left to the next
   * turn. Returns what the store will never take.
   */
  writeSessions(owner: Owner, sessions: readonly SessionState[], turn?: WorkTurn): Promise<readonly IndexRefusal[]>;
  /** As writeSessions. All at once: remote stores take hundreds of rows as fast as one. */
  writeMessages(owner: Owner, of: readonly SessionMessages[], turn?: WorkTurn): Promise<readonly IndexRefusal[]>;
}

export interface SessionMessages {
  readonly session: SessionState;
  readonly messages: readonly WholeMessage[];
}
