import type { Owner, RawEvent } from '@opensync/contracts';
import type { CurationLog, EventPublisher, ProjectionProgress } from '@opensync/event-log';
import type { AccessPage, AccessQuery } from '@opensync/event-log/access';
import type { DeadLetters } from '@opensync/event-log/dead-letters';
import type { JobCommand, JobReport } from '@opensync/event-log/jobs';
import type { EmbeddingClient } from '@opensync/event-log/embedding';
import type { ByteRange, PayloadStore, PendingRemovals } from '@opensync/event-log/payloads';
import type { StoredPictures } from '@opensync/event-log/wrapped';
import type { ByteBudget, Closeness, Logger } from '@opensync/platform';
import type { Limits } from '@opensync/platform/http';
import type { DocumentStore, SearchStore, VectorStore } from '@opensync/stores';
import type { ZoneFrom } from '@opensync/wrapped-summary';
import type { OperatorResources } from './operator/operator-resources.ts';
import type { ConsoleFiles } from './console/files.ts';
import type { DocsIndex } from './docs/docs-index.ts';
import type { Erasures } from './erasure/erasures.ts';
import type { LiveHub } from './live/live-hub.ts';

/** Reads large content that lies beside the log, in pieces, so that nobody holds all of it. */
export interface PayloadReader {
  /** @throws PayloadLostError, also behind the first piece */
  referenced(owner: Owner, sha256: string): AsyncIterable<Uint8Array>;
  /** What this owner has under a hash, or a part of it. @throws PayloadLostError, also behind the first piece */
  read(owner: Owner, sha256: string, range?: ByteRange): AsyncIterable<Uint8Array>;
}

/** A queue in which owners take turns. */
export interface Turns {
  /** @throws what the queue throws if it is not the owner's turn in time, and what `work` throws */
  take<Result>(owner: Owner, work: () => Promise<Result>): Promise<Result>;
  /** Whether an error is the queue's own. */
  isRefusal(error: unknown): boolean;
}

/** The stores that follow the documents. */
export type IndexName = 'search' | 'vectors';

/** What the read API needs. Also the token under which Nest injects it. The caller closes these. */
export abstract class QueryResources {
  abstract readonly documents: DocumentStore;
  abstract readonly search: SearchStore;
  abstract readonly vectors: VectorStore;
  abstract readonly payloads: PayloadReader;
  /** Bounds what all session pages that are being streamed hold. */
  abstract readonly pageBytes: ByteBudget;
  /** Whose page is begun next. */
  abstract readonly pageTurns: ByteBudget;
  /** Whose export is made next: one lasts as long as its client takes. */
  abstract readonly exportTurns: ByteBudget;
  /** The live streams of this process. */
  abstract readonly live: Pick<LiveHub, 'read' | 'close' | 'open'>;
  /** The names and addresses of the people of a workspace. */
  abstract readonly namesIn: (workspaceId: string) => readonly string[];
  /** The time zones of a user, or of a workspace: at least one. */
  abstract readonly zonesOf: (of: { workspaceId: string; userId: string | undefined }) => readonly ZoneFrom[];
  /** What people call a user or a workspace, if it is known. */
  abstract readonly nameOf: (of: { workspaceId: string; userId: string | undefined }) => string | undefined;
  /** Whose search each index works on next. */
  abstract readonly searchTurns: Readonly<Record<IndexName, Turns>>;
  abstract readonly embeddings: Pick<EmbeddingClient, 'embed'>;
  /** Which cosines of the embedding model say that something is close; another model may be taken up. */
  abstract readonly closeness: () => Closeness;
  abstract readonly progress: Pick<ProjectionProgress, 'applied' | 'waitFor'>;
  /** Single events of the log, by sequence. */
  abstract readonly events: { get(sequence: number): Promise<RawEvent | undefined> };
  /** Stores the events of commands. */
  abstract readonly publisher: Pick<EventPublisher, 'publish'>;
  /** Stores what people say about sessions, if nothing was said since. */
  abstract readonly curations: Pick<CurationLog, 'last' | 'append'>;
  /** Stores snapshots of public sessions. */
  abstract readonly snapshots: Pick<PayloadStore, 'put'>;
  /** Pictures of summaries that were drawn. */
  abstract readonly pictures: Pick<StoredPictures, 'get' | 'put'>;
  /** Milliseconds since the epoch. */
  abstract readonly now: () => number;
  /** What could not be processed; letters are found by the document or the sequence that they are about. */
  abstract readonly deadLetters: Pick<DeadLetters, 'about'>;
  /** How far the payloads of an owner's deleted sessions are removed. */
  abstract readonly removals: Pick<PendingRemovals, 'of'>;
  /** The indexes that are known to lack documents, until the projector has made up for it. */
  abstract readonly partial: () => readonly IndexName[];
  /** What each workspace has used on this day, and the limits; 0: there is none. */
  abstract readonly limits: Pick<Limits, 'use' | 'perDay' | 'perMinute'>;
  /** The requests of the callers themselves. */
  abstract readonly accessLog: { read(query: AccessQuery): Promise<AccessPage> };
  /** The documentation of this installation. */
  abstract readonly docs: Pick<DocsIndex, 'current'>;
  /** The scheduled jobs. */
  abstract readonly jobs: {
    read(): Promise<readonly JobReport[]>;
    command(name: string, command: JobCommand): Promise<JobReport>;
  };
  /** Host names under which MCP clients may reach this server, besides names of this machine and addresses. */
  abstract readonly mcpHosts: readonly string[];
  /** Begins erasures of people, and finds them by their id. */
  abstract readonly erasures: Pick<Erasures, 'begin' | 'of'>;
  /** What operators see of the whole installation, and do. */
  abstract readonly operator: OperatorResources;
  /** Absent if it is not built. */
  abstract readonly console: ConsoleFiles | undefined;
  abstract readonly logger: Logger;
}
