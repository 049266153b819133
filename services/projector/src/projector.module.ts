import { Controller, Inject, type DynamicModule } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  CONSUMER,
  HandlesBatchesOf,
  type BatchContext,
  type BatchHandler,
  type BatchOutcome,
  type ConsumerRef,
  type Delivery,
} from '@opensync/event-log';
import type { DocumentStore, SearchStore } from '@opensync/stores';
import { DocumentsProjection, type DocumentsProjectionResources } from './documents/documents-projection.ts';
import { indexChanges } from './indexing/changed-documents.ts';
import { EmbeddingTurns } from './indexing/embedding-turns.ts';
import type { PayloadReader } from './indexing/read-words.ts';
import { searchIndex } from './indexing/search-index.ts';
import { vectorIndex, type VectorIndexResources } from './indexing/vector-index.ts';

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
    readonly vectors?: Omit<VectorIndexResources, 'payloads'>;
  };
}

/** Each names up to 500 documents. Few, so that what is done of a backlog is acknowledged and shared among replicas. */
const CHANGES_PER_BATCH = 16;
/**
 * Of these owners and sessions take turns at the embedding model; later changes wait until some are done. They are a small part
 * of what the consumer hands out, so that each of many replicas gets its share.
 */
const CHANGES_IN_HAND = 500;

interface Projection {
  readonly consumer: ConsumerRef;
  readonly handler: BatchHandler;
  readonly maxBatch?: number;
  readonly maxInHand?: number;
}

class ProjectorModule {}

/** The projections as handlers of their consumers' batches. Needs JetStreamStrategy as transport. */
export function projectorModule({ documents, payloads, roles, around }: ProjectorResources): DynamicModule {
  const projections: Projection[] = [];
  if (roles.documents) {
    const projection = new DocumentsProjection({ documents, ...roles.documents });
    projections.push({ consumer: CONSUMER.documents, handler: (batch, context) => projection.apply(batch, context) });
  }
  if (roles.search) {
    const index = searchIndex(roles.search.search, payloads);
    projections.push({
      consumer: CONSUMER.search,
      maxBatch: CHANGES_PER_BATCH,
      handler: (batch, context) => indexChanges(batch, documents, index, context),
    });
  }
  if (roles.vectors) {
    const index = vectorIndex({ ...roles.vectors, payloads });
    const turns = new EmbeddingTurns({ documents, index });
    // Turns of its own: a batch tells which owners wait, and that of a replay names one owner alone.
    const replayTurns = new EmbeddingTurns({ documents, index });
    projections.push({
      consumer: CONSUMER.vectors,
      maxBatch: CHANGES_PER_BATCH,
      maxInHand: CHANGES_IN_HAND,
      handler: (batch, { onProgress, isReplay }) => (isReplay ? replayTurns : turns).take(batch, onProgress),
    });
  }
  return {
    module: ProjectorModule,
    controllers: projections.map(controllerOf),
    providers: projections.map(({ consumer, handler }) => ({
      provide: tokenOf(consumer),
      useValue: around?.(consumer, handler) ?? handler,
    })),
  };
}

/** A controller for each consumer: what is not declared takes no messages from the processes that have it. */
function controllerOf({ consumer, maxBatch, maxInHand }: Projection) {
  @Controller()
  class ProjectionController {
    readonly #handler: BatchHandler;

    constructor(@Inject(tokenOf(consumer)) handler: BatchHandler) {
      this.#handler = handler;
    }

    @HandlesBatchesOf(consumer, { maxBatch, maxInHand })
    handle(@Payload() batch: readonly Delivery[], @Ctx() context: BatchContext): Promise<BatchOutcome> {
      return this.#handler(batch, context);
    }
  }
  return ProjectionController;
}

function tokenOf({ durable }: ConsumerRef): string {
  return `projection ${durable}`;
}
