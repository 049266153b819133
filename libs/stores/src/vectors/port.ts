import type { Owner, Reader } from '@opensync/contracts';
import type { StoreDescription } from '../description.ts';
import type { Positioned } from '../position/port.ts';
import type { SessionFilter } from '../filters.ts';
import type { RefusedDocument } from '../refusals.ts';
import type { SessionHeading } from '../heading.ts';
import type { SearchLevel } from '../search/port.ts';

/** Messages and sessions each have a collection of their own. */
export type VectorCollection = 'messages' | 'sessions';

export interface VectorChunk {
  /** Identifies the chunk's text in its document: see passageOf in chunks.ts. */
  readonly hash: string;
  /** Of the store's dimension. Absent: unchanged, keep the stored vector of that hash. */
  readonly vector?: Float32Array;
}

/** The vectors of one message or session: one for each embedded chunk of its text, none if it has no text. */
export interface VectorDocument extends Omit<SessionHeading, 'title'> {
  readonly id: string;
  readonly collection: VectorCollection;
  readonly sessionId: string;
  /** Grows with every change of the row; an older version never overwrites a newer one. */
  readonly version: number;
  /** As in SearchDocument. */
  readonly headingVersion?: number;
  /** As in SearchDocument. */
  readonly firstSequence?: number;
  readonly chunks: readonly VectorChunk[];
  /** Chunks of its text without a vector because it has too many; default 0. */
  readonly omitted?: number;
  /** As in SearchDocument. */
  readonly ownLabels?: string;
}

export interface IndexedVectorDocument extends Omit<SessionHeading, 'title'> {
  readonly sessionId: string;
  readonly version: number;
  readonly headingVersion: number;
  /** Chunks of its text without a vector because it has too many. */
  readonly omitted: number;
  /** Hashes of the stored chunks, in order; none if they were not requested. */
  readonly hashes: readonly string[];
  /** Their vectors in the same order; only if requested. */
  readonly vectors?: readonly Float32Array[];
}

export interface IndexedOptions {
  /** Whether to read the hashes of all chunks, up to thousands for a long document; default true. */
  readonly hashes?: boolean;
  /** Whether to read the vectors as well, to copy them elsewhere; default false. */
  readonly vectors?: boolean;
}

export interface VectorHit {
  readonly sessionId: string;
  /** The best message; absent if the session's own vector was nearest. */
  readonly messageId?: string;
  /** Of the text of the chunk that is nearest. */
  readonly hash: string;
  /** Cosine similarity, -1 to 1. */
  readonly score: number;
}

export interface VectorQuery {
  readonly vector: Float32Array;
  readonly filter: SessionFilter;
  readonly limit: number;
  /** Default `session`. */
  readonly level?: SearchLevel | undefined;
  /** As in SearchQuery. */
  readonly until?: number | undefined;
}

/**
 * Nearest neighbours by cosine. An implementation must never return a vector that the reader may not see. As with
 * SearchStore, a search whose time is up must end its work and throw StoreUnavailableError.
 */
export interface VectorStore extends Positioned {
  /**
   * Replaces each document's chunks unless a newer version is stored; searchable when it resolves. Rejects as
   * UNAVAILABLE if a vector to keep is no longer stored (another writer was faster): ask `indexed` again.
   * @returns the documents that it will never accept, e.g. because of a vector with invalid numbers; all others are
   * written
   */
  upsert(owner: Owner, documents: readonly VectorDocument[]): Promise<readonly RefusedDocument[]>;
  /** What is stored of these ids, also of documents that have no chunks. */
  indexed(
    owner: Owner,
    ids: readonly string[],
    options?: IndexedOptions,
  ): Promise<ReadonlyMap<string, IndexedVectorDocument>>;
  /**
   * The nearest `limit` sessions over both collections, nearest first, each with its best message. By message: the
   * nearest messages.
   */
  search(reader: Reader, query: VectorQuery): Promise<VectorHit[]>;
  /** Removes all vectors of these sessions and returns how many documents there were. */
  remove(owner: Owner, sessionIds: readonly string[]): Promise<number>;
  /** As SearchStore.hasBefore, also for documents that have no chunks. */
  hasBefore(owner: Owner, sessionId: string, sequence: number, options?: { unknown?: boolean }): Promise<boolean>;
  describe(): Promise<StoreDescription>;
  close(): Promise<void>;
}
