import type { Owner, Reader } from '@opensync/contracts';
import type { StoreDescription } from '../description.ts';
import type { Positioned } from '../position/port.ts';
import type { FacetName, SessionFilter } from '../filters.ts';
import type { SessionHeading } from '../heading.ts';
import type { RefusedDocument } from '../refusals.ts';
import type { ParsedQuery, QueryTerm } from './query.ts';
import type { Excerpt } from './snippet.ts';

/**
 * One row of the full-text index: a message with its session's heading, or (without `messageId`) a session's heading
 * alone, so that a session without messages is found too.
 */
export interface SearchDocument extends SessionHeading {
  readonly id: string;
  readonly sessionId: string;
  readonly messageId?: string;
  /** Grows with every change of the row; an older version never overwrites a newer one. */
  readonly version: number;
  /**
   * The heading's share of the version; the rest belongs to the message. A heading gets a new version each time it is
   * sent, but its rows are rewritten only if its content differs. Default 0.
   */
  readonly headingVersion?: number;
  /** The lowest sequence of the events that the row reflects; 0, the default, if unknown. */
  readonly firstSequence?: number;
  /** The message's own words, whole. */
  readonly text: string;
  /** Names, arguments and results of its tool calls. Found, but ranks below the text. */
  readonly toolText: string;
  /** Labels of the message itself, see labels.ts; default none. */
  readonly ownLabels?: string;
}

export interface SearchHit {
  readonly sessionId: string;
  /** The best row's message; absent if only the session's heading matched. */
  readonly messageId?: string;
  /** Higher is better; comparable within one answer only. */
  readonly score: number;
  readonly title: string;
  /** Text around the hits. */
  readonly excerpt: Excerpt;
}

/** What a hit is: the session with its best row, or each message by itself. */
export type SearchLevel = 'session' | 'message';

export interface IndexedSearchDocument extends SessionHeading {
  readonly sessionId: string;
  readonly version: number;
  readonly headingVersion: number;
}

export interface SearchQuery {
  readonly parsed: Pick<ParsedQuery, 'all' | 'none'>;
  readonly filter: SessionFilter;
  readonly limit: number;
  /** Default `session`. */
  readonly level?: SearchLevel;
  /** These sessions alone; all if absent. */
  readonly sessionIds?: readonly string[];
  /** When the caller stops waiting for the answer, on the clock of `monotonicMs`. */
  readonly until?: number;
}

export interface WithinQuery {
  readonly sessionId: string;
  readonly parsed: Pick<ParsedQuery, 'all' | 'none'>;
  /** At most 10,000. */
  readonly limit: number;
  readonly until?: number;
}

export interface MessageExcerpt {
  readonly messageId: string;
  readonly excerpt: Excerpt;
}

export interface PartialQuery extends SearchQuery {
  readonly parsed: ParsedQuery;
}

/** A session that has some of the words. */
export interface PartialHit extends SearchHit {
  /** The query words that it lacks, as typed. Empty if it has all words that could be searched for. */
  readonly missing: readonly string[];
}

export interface FacetQuery extends Pick<PartialQuery, 'parsed' | 'filter' | 'level' | 'until'> {
  /** Counts hits with some of the words, as in searchPartly; otherwise only hits with all words. */
  readonly partly: boolean;
  readonly names: readonly FacetName[];
  /** Values of each facet; one that the filter selects is added if it is not among them. */
  readonly limit: number;
}

export interface FacetCount {
  readonly value: string;
  /** Sessions, or messages of a search by message. */
  readonly count: number;
}

export type FacetCounts = ReadonlyMap<FacetName, readonly FacetCount[]>;

/**
 * Full text. An implementation must never return a row that the reader may not see, nor let counts or respellings
 * depend on one. If an engine counts the rarity of a word over rows of several owners, as Elasticsearch does per
 * shard, scores depend on invisible rows, and so does the order of hits that have different words of a query. Scores
 * order the hits of one answer; they must not be shown to anybody. It must not query each member of a workspace.
 * A search whose time is up must end its work in the engine, not only the wait for it, and throw StoreUnavailableError.
 */
export interface SearchStore extends Positioned {
  /**
   * Writes each document unless a newer version is stored; the rows are searchable when it resolves.
   * @returns the documents that it will never accept, e.g. because they are too large; all others are written
   */
  index(owner: Owner, documents: readonly SearchDocument[]): Promise<readonly RefusedDocument[]>;
  /** What is stored of these ids. */
  indexed(owner: Owner, ids: readonly string[]): Promise<ReadonlyMap<string, IndexedSearchDocument>>;
  /**
   * The best `limit` sessions that have every term, each in any row; best first, each with its best row. By message:
   * the messages that have every term, at least one of them in their own words and the others there, in the session's
   * title or in its project. What is negated is in no message of their sessions.
   */
  search(reader: Reader, query: SearchQuery): Promise<SearchHit[]>;
  /**
   * The best `limit` sessions that have some words of a query of three or more; best first, each with its best row. By
   * message: the messages that have some of them in their own words.
   */
  searchPartly(reader: Reader, query: PartialQuery): Promise<PartialHit[]>;
  /**
   * Searches within one session of the owner. `choose` gets the ids of the messages that have every term and none of
   * the negated ones, in no order, at most `limit`, and says which are shown: their excerpts, in that order.
   */
  searchSession(
    owner: Owner,
    query: WithinQuery,
    choose: (messageIds: readonly string[]) => Promise<readonly string[]>,
  ): Promise<MessageExcerpt[]>;
  /**
   * The most frequent values of facets among all that a query finds, not only its best hits. Each facet ignores the filter
   * of its own name. `hidden` gets the sessions of other members that would count, and says which the reader may not see
   * any more: an index lags behind the documents, and a count of 1 would reveal that session.
   */
  facets(
    reader: Reader,
    query: FacetQuery,
    hidden: (sessionIds: readonly string[]) => Promise<ReadonlySet<string>>,
  ): Promise<FacetCounts>;
  /** How many of the rows that the reader may see have each term. Large numbers may be cut. */
  counts(reader: Reader, terms: readonly QueryTerm[], options?: { until?: number }): Promise<number[]>;
  /** Removes all rows of these sessions and returns how many there were. */
  remove(owner: Owner, sessionIds: readonly string[]): Promise<number>;
  /**
   * Whether any row of the session reflects an event from before a sequence. Rows of earlier versions do not say:
   * they count as such rows unless `unknown` is false.
   */
  hasBefore(owner: Owner, sessionId: string, sequence: number, options?: { unknown?: boolean }): Promise<boolean>;
  describe(): Promise<StoreDescription>;
  close(): Promise<void>;
}
