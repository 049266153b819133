import type { FacetName, OneOf, SessionFilter } from '../filters.ts';
import type { FacetCount, SearchLevel } from './port.ts';
import type { QueryTerm } from './query.ts';

/**
 * A session that was found, and its best row. The engine chooses the form of both ids. Of a search by message, each row
 * is found by itself, and both are the row.
 */
export interface FoundSession<Session, Row> {
  readonly session: Session;
  readonly row: Row;
  readonly score: number;
}

/** Which of the sessions that a reader may see are searched. */
export interface Scope {
  readonly filter: SessionFilter;
  /** By message, only rows of messages are found, and those by at least one of their own words. Default `session`. */
  readonly level?: SearchLevel | undefined;
  /** Of a search by message: sessions with one of these terms in any row are left out. */
  readonly without?: readonly QueryTerm[] | undefined;
  /** These alone; all if absent. */
  readonly sessionIds?: readonly string[] | undefined;
  /** When the search ends, in milliseconds since the epoch. */
  readonly until?: number | undefined;
}

/** What facets count: these sessions or rows; of a search by message with `all`, the messages that have these terms. */
export type FacetScope<Session> = { readonly within: ReadonlySet<Session> } | { readonly all: readonly QueryTerm[] };

export interface FacetOptions {
  readonly limit: number;
  /** The choice of a facet, which it shows whatever its count. */
  readonly selected: ReadonlyMap<FacetName, { readonly value: string; readonly condition: OneOf }>;
  /** Those of these sessions of other members that must not be counted. */
  readonly hidden: (sessionIds: readonly string[]) => Promise<ReadonlySet<string>>;
}

/**
 * An engine's knowledge of the rows that a reader may see, for one search. Implement it to look up words; matching.ts
 * decides for all engines which sessions match and how they rank. Lists are in the order of the terms.
 */
export interface SearchEngine<Session, Row> {
  /** The best sessions that have all terms within one row, and none of the negated ones in any row; best first. */
  withAllInOneRow(
    all: readonly QueryTerm[],
    none: readonly QueryTerm[],
    limit: number,
  ): Promise<FoundSession<Session, Row>[]>;
  /** The number of visible rows that contain each term, ignoring the filter; large numbers may be capped. */
  counts(terms: readonly QueryTerm[]): Promise<number[]>;
  /** The sessions that have every term, each in any row. */
  havingAll(terms: readonly QueryTerm[]): Promise<ReadonlySet<Session>>;
  /** The sessions that have each term in some row. @param within at least these must be looked at */
  having(terms: readonly QueryTerm[], within?: ReadonlySet<Session>): Promise<ReadonlySet<Session>[]>;
  /** How well the best row of each session matches each term, comparable between terms. */
  scores(terms: readonly QueryTerm[], within?: ReadonlySet<Session>): Promise<ReadonlyMap<Session, number>[]>;
  /** The row of each session that matches best, whichever of the terms it has. */
  bestRows(terms: readonly QueryTerm[], within: ReadonlySet<Session>): Promise<FoundSession<Session, Row>[]>;
  /** How many of what was found have each value, the most frequent values first. */
  facets(
    names: readonly FacetName[],
    found: FacetScope<Session>,
    options: FacetOptions,
  ): Promise<ReadonlyMap<FacetName, readonly FacetCount[]>>;
}
