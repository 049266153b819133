import type { RawEvent } from '@opensync/contracts';
import type { EventPublisher, ProjectionProgress } from '@opensync/event-log';
import type { DeadLetters } from '@opensync/event-log/dead-letters';
import type { EmbeddingClient } from '@opensync/event-log/embedding';
import type { PendingRemovals } from '@opensync/event-log/payloads';
import type { ByteBudget, Logger } from '@opensync/platform';
import type { DocumentStore, SearchStore, VectorStore } from '@opensync/stores';
import type { IndexName } from './status/partial-indexes.ts';
import type { PayloadReader } from './sessions/large-content.ts';

export const RESOURCES = Symbol('QueryResources');

/** What the read API needs. The caller closes these. */
export interface QueryResources {
  readonly documents: DocumentStore;
  readonly search: SearchStore;
  readonly vectors: VectorStore;
  readonly payloads: PayloadReader;
  /** Bounds what all session pages that are being streamed hold. */
  readonly pageBytes: ByteBudget;
  readonly embeddings: Pick<EmbeddingClient, 'embed'>;
  readonly progress: Pick<ProjectionProgress, 'applied' | 'waitFor'>;
  /** Single events of the log, by sequence. */
  readonly events: { get(sequence: number): Promise<RawEvent | undefined> };
  /** Stores the events of commands. */
  readonly publisher: Pick<EventPublisher, 'publish'>;
  /** What could not be processed; letters are found by the document or the sequence that they are about. */
  readonly deadLetters: Pick<DeadLetters, 'about'>;
  /** How far the payloads of an owner's deleted sessions are removed. */
  readonly removals: Pick<PendingRemovals, 'of'>;
  /** The indexes that are known to lack documents, until the projector has made up for it. */
  readonly partial: () => readonly IndexName[];
  readonly logger: Logger;
}
