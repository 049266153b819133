import { Controller, Inject, type DynamicModule } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import {
  CONSUMER,
  HandlesBatchesOf,
  STREAM,
  type BatchHandler,
  type BatchOutcome,
  type ConsumerRef,
  type Delivery,
} from '@opensync/event-log';
import type { DocumentStore, SearchStore, VectorStore } from '@opensync/stores';
import { DocumentsProjection, type DocumentsProjectionResources } from './documents/documents-projection.ts';
import { indexChanges } from './indexing/changed-documents.ts';
import type { PayloadReader } from './indexing/message-text.ts';
import { searchIndex } from './indexing/search-index.ts';
import { vectorIndex } from './indexing/vector-index.ts';

/** What the projector works with. It closes none of it: who made it does. */
export interface ProjectorResources {
  /** Written by one projection, read by the others. */
  readonly documents: DocumentStore;
  readonly payloads: PayloadReader;
  /** Put around the handling of each consumer's batches, e.g. to measure it. */
  readonly around?: (consumer: ConsumerRef, handler: BatchHandler) => BatchHandler;
  /** The projections that run here, each with what it alone needs; an absent one is for other processes. */
  readonly roles: {
    readonly documents?: Omit<DocumentsProjectionResources, 'documents'>;
    readonly search?: { readonly search: SearchStore };
    readonly vectors?: {
      readonly vectors: VectorStore;
      readonly embed: (texts: readonly string[]) => Promise<Float32Array[]>;
      /** Told of each text that the model will not embed. */
      readonly onRefused?: (error: unknown) => void;
    };
  };
}

/** Each names up to 500 documents. Few, so that what is done of a backlog is acknowledged and shared among replicas. */
const CHANGES_PER_BATCH = 16;

class ProjectorModule {}

/** The projections as handlers of their consumers' batches. Needs JetStreamStrategy as transport. */
export function projectorModule({ documents, payloads, roles, around }: ProjectorResources): DynamicModule {
  const handlers: { consumer: ConsumerRef; handler: BatchHandler }[] = [];
  if (roles.documents) {
    const projection = new DocumentsProjection({ documents, ...roles.documents });
    handlers.push({ consumer: CONSUMER.documents, handler: (batch) => projection.apply(batch) });
  }
  if (roles.search) {
    const index = searchIndex(roles.search.search, payloads);
    handlers.push({ consumer: CONSUMER.search, handler: (batch) => indexChanges(batch, documents, index) });
  }
  if (roles.vectors) {
    const index = vectorIndex({ ...roles.vectors, payloads });
    handlers.push({ consumer: CONSUMER.vectors, handler: (batch) => indexChanges(batch, documents, index) });
  }
  return {
    module: ProjectorModule,
    controllers: handlers.map(({ consumer }) =>
      controllerOf(consumer, consumer.stream === STREAM.changes ? CHANGES_PER_BATCH : undefined),
    ),
    providers: handlers.map(({ consumer, handler }) => ({
      provide: tokenOf(consumer),
      useValue: around?.(consumer, handler) ?? handler,
    })),
  };
}

/** A controller for each consumer: what is not declared takes no messages from the processes that have it. */
function controllerOf(consumer: ConsumerRef, maxBatch: number | undefined) {
  @Controller()
  class ProjectionController {
    readonly #handler: BatchHandler;

    constructor(@Inject(tokenOf(consumer)) handler: BatchHandler) {
      this.#handler = handler;
    }

    @HandlesBatchesOf(consumer, maxBatch === undefined ? {} : { maxBatch })
    handle(@Payload() batch: readonly Delivery[]): Promise<BatchOutcome> {
      return this.#handler(batch);
    }
  }
  return ProjectionController;
}

function tokenOf({ durable }: ConsumerRef): string {
  return `projection ${durable}`;
}
