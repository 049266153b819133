import type {
  Amounts,
  Figures,
  FigureMember,
  Owner,
  Period,
  PeriodRange,
  ResponseAmount,
  SessionState,
} from '@opensync/contracts';

/** A session whose figures may be out of date: something of it was saved since they were computed. */
export interface DueSession {
  readonly owner: Owner;
  readonly sessionId: string;
  /** Identifies the save. Unique, and valid in this generation only. */
  readonly mark: string;
  /** When the session was created, milliseconds since the epoch; 0 if it is not stored. */
  readonly createdAt: number;
  /** For the next page. */
  readonly place: string;
}

/** What figures take from a message. */
export interface MessageUsage extends Readonly<Record<ResponseAmount, number>> {
  readonly createdAt: number;
  readonly requestId: string | null;
  /** Only real names, no placeholders. */
  readonly model: string | null;
  readonly provider: string | null;
}

/** A tool call or a result. */
export interface ToolMoment {
  /** The creation time of its message. */
  readonly at: number;
  readonly kind: 'call' | 'result';
  readonly name: string | null;
  /** Joins a result with its call. */
  readonly callId: string | null;
  readonly failed: boolean;
}

export interface SessionUsage {
  /** Undefined if it is not stored, or deleted. */
  readonly session: SessionState | undefined;
  /** In the order of the session. */
  readonly messages: readonly MessageUsage[];
  /** By message, then by part. */
  readonly tools: readonly ToolMoment[];
}

/** The figures of a set of sessions: an owner's private ones, those that they share, or all shared ones of a workspace. */
export interface FigureScope {
  readonly workspaceId: string;
  /** Undefined: those that anyone shares with the workspace. */
  readonly userId: string | undefined;
  readonly shared: boolean;
}

/** The figures of a scope in a period. */
export interface FigureKey extends Period {
  readonly scope: FigureScope;
}

/** What one session adds to the figures, as it was last counted. */
export interface Contribution {
  /** 0: none is stored. Later ones are larger, even after the figures have become empty. */
  readonly revision: number;
  readonly shared: boolean;
  /** By quarter of an hour. */
  readonly figures: ReadonlyMap<number, Figures>;
  /** Quarters whose sums must be computed again: they may lack this contribution, or contain a former one. */
  readonly pending: readonly PendingQuarter[];
}
export interface PendingQuarter {
  readonly quarter: number;
  readonly shared: boolean;
}

export interface SessionRef {
  readonly owner: Owner;
  readonly sessionId: string;
}
export interface SavedContribution extends SessionRef, Contribution {}

/** A contribution that has been summed up. */
export interface SettledContribution extends SessionRef {
  /**
   * The revision that its save was given; its pending quarters are done if no other save has followed. Absent: nothing
   * had to be saved.
   */
  readonly revision?: number;
  readonly mark: string;
}

export interface FigureNode extends FigureKey {
  /** The stored revision that these figures replace. */
  readonly revision: number;
  readonly figures: Figures;
}

export interface FigureQuery {
  readonly scopes: readonly FigureScope[];
  readonly ranges: readonly PeriodRange[];
  /** The members to read. */
  readonly members: readonly FigureMember[];
}

export interface FoundFigures extends Period {
  readonly scope: FigureScope;
  /** Only the members that were asked for. */
  readonly figures: Partial<Figures>;
}

/** Which price table the costs in the figures are from. */
export interface FigureRating {
  readonly digest: string;
  /** False while sessions are being marked after a change. */
  readonly marked: boolean;
}

/**
 * Figures: what each session contributes, and its sums by scope and period, which are computed from the contributions,
 * never incremented. An implementation only stores; the projection decides what. It keeps the same rules as the
 * documents beside them: scope first, a revision guards each save, vendor errors stay inside. No stored revision may
 * ever return to an earlier value.
 */
export interface FigureStore {
  /**
   * The sessions to compute, after a place; at most `limit`. Every save of a session, and every `touched` of a save,
   * marks it again, in the same commit or before the save resolves.
   */
  dueFigures(query: { readonly after?: string; readonly limit: number }): Promise<readonly DueSession[]>;
  /** Whether any session of the owner is due. */
  hasDueFigures(owner: Owner): Promise<boolean>;
  /** Call it after reading the mark and the contribution: then one of them reveals a concurrent change. */
  sessionUsage(owner: Owner, sessionId: string): Promise<SessionUsage>;
  /** One for each of these, in their order. */
  contributions(sessions: readonly SessionRef[]): Promise<readonly Contribution[]>;
  /** What each of these sessions adds up to, in their order; undefined for one that is not counted yet. */
  sessionTotals(sessions: readonly SessionRef[]): Promise<readonly (Amounts | undefined)[]>;
  /**
   * Replaces each contribution as a whole, under the next revision, if its stored revision is unchanged; returns the ids
   * of the sessions that lost the race.
   */
  saveContributions(contributions: readonly SavedContribution[]): Promise<readonly string[]>;
  /** Drops the pending quarters of each if its save was the last one, and its mark if that is still the stored one. */
  settleContributions(settled: readonly SettledContribution[]): Promise<void>;
  /** The revisions of these sums in their order; 0 for one that is not stored. */
  figureRevisions(keys: readonly FigureKey[]): Promise<readonly number[]>;
  /**
   * The components of each sum, in the order of the keys and always in the same order: for a quarter of an owner the
   * contributions of sessions, for one of a workspace those of its members, otherwise the periods of the level below.
   */
  figureParts(keys: readonly FigureKey[]): Promise<readonly (readonly Pick<FoundFigures, 'number' | 'figures'>[])[]>;
  /** Saves each sum under its next revision if its stored revision is unchanged; returns the indexes of the others. */
  saveFigures(nodes: readonly FigureNode[]): Promise<readonly number[]>;
  /** The sums of these scopes in these ranges. */
  figures(query: FigureQuery): Promise<readonly FoundFigures[]>;
  /** The scopes of members who share sessions with the workspace. */
  figureMembers(workspaceId: string): Promise<readonly FigureScope[]>;
  /** Undefined before the first one. */
  figureRating(): Promise<FigureRating | undefined>;
  /** Marks all sessions as due and records the digest; repeat it if it fails. */
  rateAgain(digest: string): Promise<void>;
}
