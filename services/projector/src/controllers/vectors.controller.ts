import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { CONSUMER, type BatchContext, type BatchOutcome, type Delivery } from '@opensync/event-log';
import { HandlesBatchesOf } from '@opensync/event-log/transport';
import { EmbeddingTurns } from '../indexing/embedding-turns.ts';
import { vectorIndex } from '../indexing/vector-index.ts';
import { ProjectorResources } from '../resources.ts';
import { CHANGES_PER_BATCH } from './changes-per-batch.ts';

/**
 * The owners and sessions of these changes take turns at the embedding model; later changes wait until some are done.
 * They are a small part of what the consumer delivers, so that each of many replicas gets its share.
 */
const CHANGES_IN_HAND = 500;

/** CHANGES → vectors. */
@Controller()
export class VectorsController {
  readonly #turns: EmbeddingTurns;
  /** A batch shows which owners wait, and a replayed one contains only one owner. */
  readonly #replayTurns: EmbeddingTurns;

  constructor(@Inject(ProjectorResources) { documents, payloads, roles }: ProjectorResources) {
    const index = vectorIndex({ ...roles.vectors!, payloads });
    this.#turns = new EmbeddingTurns({ documents, index });
    this.#replayTurns = new EmbeddingTurns({ documents, index });
  }

  @HandlesBatchesOf(CONSUMER.vectors, { maxBatch: CHANGES_PER_BATCH, maxInHand: CHANGES_IN_HAND })
  handle(@Payload() batch: readonly Delivery[], @Ctx() { onProgress, isReplay }: BatchContext): Promise<BatchOutcome> {
    return (isReplay ? this.#replayTurns : this.#turns).take(batch, onProgress);
  }
}
