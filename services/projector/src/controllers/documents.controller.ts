import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { CONSUMER, type BatchContext, type BatchOutcome, type Delivery } from '@opensync/event-log';
import { HandlesBatchesOf } from '@opensync/event-log/transport';
import { DocumentsProjection } from '../documents/documents-projection.ts';
import { ProjectorResources } from '../resources.ts';

/** Events that are folded and saved together. */
const EVENTS_PER_BATCH = 500;

/** EVENTS → documents. */
@Controller()
export class DocumentsController {
  readonly #projection: DocumentsProjection;

  constructor(@Inject(ProjectorResources) { documents, roles }: ProjectorResources) {
    this.#projection = new DocumentsProjection({ documents, ...roles.documents! });
  }

  @HandlesBatchesOf(CONSUMER.documents, { maxBatch: EVENTS_PER_BATCH })
  handle(@Payload() batch: readonly Delivery[], @Ctx() context: BatchContext): Promise<BatchOutcome> {
    return this.#projection.apply(batch, context);
  }
}
